"""
An export's files as typed tables of a sealed in-memory DuckDB.

Every file is read by our own code before any SQL of a mapping runs; then the database is sealed:
no files, no network, no extensions, no settings. A mapping can therefore neither read what its
constants do not declare nor write anywhere.
"""

# ruff: noqa: S608  # every name goes through _name, every literal through _text

import csv
import glob
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from decision_service.ingest.constants import ColumnType, Constants, CsvFormat, FileContract, Folder
from decision_service.ingest.errors import IngestError
from optimization.network import SourceFile

MEMORY = "2GB"
_CHUNK = 1 << 20

_SETTINGS = (  # before the first file is read
    "SET autoload_known_extensions = false",
    "SET autoinstall_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET python_enable_replacements = false",
    "SET temp_directory = ''",
    f"SET memory_limit = '{MEMORY}'",
    "SET TimeZone = 'UTC'",
)
_SEAL = ("SET enable_external_access = false", "SET lock_configuration = true")

# Text -> value of a declared type, NULL when it does not read as one. A plain cast to BIGINT
# would round 5.6 to 6.
_CASTS: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "{0}",
    ColumnType.INTEGER: (
        "CASE WHEN TRY_CAST({0} AS DECIMAL(38, 9)) % 1 = 0 THEN TRY_CAST({0} AS BIGINT) END"
    ),
    ColumnType.DECIMAL: "TRY_CAST({0} AS DECIMAL(18, 4))",
    ColumnType.NUMBER: "CASE WHEN isfinite(TRY_CAST({0} AS DOUBLE)) THEN TRY_CAST({0} AS DOUBLE) END",
    ColumnType.DATE: "TRY_CAST({0} AS DATE)",
    ColumnType.BOOLEAN: "TRY_CAST({0} AS BOOLEAN)",
}


def open_database(constants: Constants) -> duckdb.DuckDBPyConnection:
    """An empty in-memory database with the mapping's values; one thread, so that rows keep their order."""
    database = duckdb.connect(":memory:", config={"threads": 1})
    for setting in _SETTINGS:
        database.execute(setting)
    head = {
        "as_of": constants.as_of,
        "currency": constants.currency,
        "bucket_days": constants.bucket_days,
        "horizon": constants.horizon,
    }
    for name, value in {**constants.values, **head}.items():
        literal = f"DATE '{value}'" if hasattr(value, "isoformat") else _text(value)
        database.execute(f"SET VARIABLE {_name(name)} = {literal}")
    return database


def seal(database: duckdb.DuckDBPyConnection) -> None:
    """From here on the database reaches nothing outside itself, and no SQL can undo that."""
    for setting in _SEAL:
        database.execute(setting)


@dataclass(frozen=True, slots=True)
class TableLoader:
    """Reads the files of an export, before the database is sealed."""

    database: duckdb.DuckDBPyConnection
    constants: Constants
    folders: Mapping[Folder, Path]

    def load(self, table: str, contract: FileContract) -> SourceFile:
        """Read one file into a table of its declared types; its digest and row count are the lineage."""
        path = _locate(contract, self.folders)
        try:
            rows = self._fill(table, path, contract)
        except duckdb.Error as error:
            where, problem = _read_problem(str(error))
            fix = "correct it, or what constants.yaml says of its format"
            raise IngestError(contract.file + where, problem, fix) from None
        name = contract.file if contract.folder is Folder.SOURCE else f"mapping/{contract.file}"
        return SourceFile(name, digest_of(path), rows, self.constants.contract)

    def _fill(self, table: str, path: Path, contract: FileContract) -> int:
        """Fields as text first, so that a wrong one can be shown as it stands; then as declared."""
        raw = _name(f"raw {table}")
        if path.suffix == ".parquet":
            text = _from_parquet(self.database, path, contract)
        else:
            text = _from_csv(path, contract, contract.format or self.constants.format)
        self.database.execute(f"CREATE TABLE {raw} AS {text}")
        _check_types(self.database, raw, contract)
        _check_key(self.database, raw, contract)
        columns = ", ".join(
            f"{_cast(kind, name)} AS {_name(name)}" for name, kind in contract.columns.items()
        )
        self.database.execute(f"CREATE TABLE {_name(table)} AS SELECT {columns} FROM {raw}")
        self.database.execute(f"DROP TABLE {raw}")
        return int(self.database.execute(f"SELECT count(*) FROM {_name(table)}").fetchall()[0][0])


def digest_of(path: Path) -> str:
    """``sha256:`` of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def _locate(contract: FileContract, folders: Mapping[Folder, Path]) -> Path:
    folder = folders[contract.folder].resolve()
    path = (folder / contract.file).resolve()  # follows links: a link may not lead out either
    if not path.is_relative_to(folder):
        raise IngestError(contract.file, f"lies outside the {contract.folder} folder", "move it inside")
    if not path.is_file():
        raise IngestError(contract.file, f"is missing from the {contract.folder} folder", "export it again")
    return path


def _from_csv(path: Path, contract: FileContract, form: CsvFormat) -> str:
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in _names_in(path, contract, form))
    return (
        f"SELECT * FROM read_csv({_text(glob.escape(str(path)))}, "
        f"delim = {_text(form.delimiter)}, quote = {_text(form.quote)}, escape = {_text(form.quote)}, "
        f"nullstr = {_text(form.null)}, header = {form.header}, columns = {{{columns}}}, auto_detect = false)"
    )


def _from_parquet(database: duckdb.DuckDBPyConnection, path: Path, contract: FileContract) -> str:
    source = f"read_parquet({_text(glob.escape(str(path)))})"
    described = database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    _check_names(contract, tuple(str(row[0]) for row in described))
    columns = ", ".join(f"CAST({_name(name)} AS VARCHAR) AS {_name(name)}" for name in contract.columns)
    return f"SELECT {columns} FROM {source}"


def _names_in(path: Path, contract: FileContract, form: CsvFormat) -> tuple[str, ...]:
    """The columns of a text file in its own order, checked against what is declared."""
    first = _first_line(path, contract, form)
    declared = tuple(contract.columns)
    if not form.header:
        if first and len(first) != len(declared):
            problem = f"has {len(first)} columns where {len(declared)} are declared"
            raise IngestError(contract.file, problem, "declare every column, in file order")
        return declared
    _check_names(contract, first)
    return first


def _check_names(contract: FileContract, found: tuple[str, ...]) -> None:
    for name in contract.columns:
        if name not in found:
            raise IngestError(
                contract.file,
                f"has no column `{name}`",
                f"export it, or correct constants.yaml; the file has {', '.join(found)[:300]}",
            )
    if len({name.lower() for name in found}) != len(found):
        raise IngestError(contract.file, "names a column twice", "rename one of them in the export")


def _first_line(path: Path, contract: FileContract, form: CsvFormat) -> tuple[str, ...]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(
                io.StringIO(file.read(_CHUNK), newline=""),
                delimiter=form.delimiter,
                quotechar=form.quote or None,
                quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
                strict=True,
            )
            return tuple(next(reader, ()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise IngestError(contract.file, f"cannot be read: {error}", "save it as UTF-8 text") from None


def _read_problem(message: str) -> tuple[str, str]:
    """Where and what, from DuckDB's report: the line before the possible fixes says what."""
    line = re.search(r"CSV Error on Line: (\d+)", message)
    told = re.split(r"Possible|LINE \d", message, maxsplit=1)[0].splitlines()
    problem = next((text.strip() for text in reversed(told) if text.strip()), "cannot be read")
    problem = problem.removeprefix("Invalid Input Error: ")
    return (f" line {line[1]}" if line else ""), f"{problem[:1].lower()}{problem[1:200]}"


def _check_types(database: duckdb.DuckDBPyConnection, raw: str, contract: FileContract) -> None:
    """The first row, if any, whose text does not read as its column's type."""
    for name, kind in contract.columns.items():
        if kind is ColumnType.TEXT:
            continue
        wrong = f"{_name(name)} IS NOT NULL AND ({_cast(kind, name)}) IS NULL"
        for row, value in _first_rows(database, raw, wrong, _name(name)):
            raise IngestError(
                f"{contract.file} row {row} column `{name}`",
                f"`{value[:80]}` is not of type {kind}",
                "correct the value, or the type in constants.yaml",
            )


def _check_key(database: duckdb.DuckDBPyConnection, raw: str, contract: FileContract) -> None:
    if not contract.key:
        return
    names = ", ".join(map(_name, contract.key))
    shown = "concat_ws(', ', " + names + ")"
    missing = " OR ".join(f"{_name(name)} IS NULL" for name in contract.key)
    key = ", ".join(contract.key)
    for row, _ in _first_rows(database, raw, missing, shown):
        raise IngestError(f"{contract.file} row {row}", f"the key ({key}) is empty", "fill it in")
    repeated = f"count(*) OVER (PARTITION BY {names}) > 1"
    for row, value in _first_rows(database, raw, "TRUE QUALIFY " + repeated, shown):
        raise IngestError(
            f"{contract.file} row {row}",
            f"the key ({key}) `{value}` stands in several rows",
            "remove the repetition, or declare the key that is unique",
        )


def _first_rows(
    database: duckdb.DuckDBPyConnection, raw: str, condition: str, shown: str
) -> Iterator[tuple[int, str]]:
    numbered = f"SELECT row_number() OVER () AS number, * FROM {raw}"
    yield from database.execute(
        f"SELECT number, CAST({shown} AS VARCHAR) FROM ({numbered}) WHERE {condition} ORDER BY number LIMIT 1"
    ).fetchall()


def _cast(kind: ColumnType, name: str) -> str:
    return _CASTS[kind].format(_name(name))


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"
