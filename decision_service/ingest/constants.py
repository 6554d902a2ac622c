"""
`constants.yaml`: what the SQL of a mapping cannot know.

The day the export was taken, currency and buckets, free values that the SQL reads with
``getvariable('name')``, and the contract of every file: its format, its columns with their types,
and the key that must be unique.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from decision_service.ingest.errors import IngestError

T = TypeVar("T")

FILE = "constants.yaml"
_MOST_BYTES = 1_000_000  # a mapping's constants are a page, not a data set


class ColumnType(StrEnum):
    """What a column's text must read as; an empty field is NULL in all of them."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"


class Folder(StrEnum):
    """Where a file of the contract lies."""

    SOURCE = "source"
    MAPPING = "mapping"


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How the fields of a text file are told apart; `null` is the text that means NULL."""

    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    null: str = ""


@dataclass(frozen=True, slots=True)
class FileContract:
    """
    One file of the export and what it promises.

    `columns` names them in file order when there is no header; with a header (and in Parquet)
    they are found by name, and others are ignored. `key` is unique and never NULL.
    """

    file: str
    columns: Mapping[str, ColumnType]
    key: tuple[str, ...] = ()
    format: CsvFormat | None = None
    folder: Folder = Folder.SOURCE


@dataclass(frozen=True, slots=True)
class Constants:
    """
    The head of a snapshot and the contracts of its files, by table name.

    Parameters
    ----------
    contract
        Name and version of the data contract, recorded with every file.
    values
        Read by the SQL with ``getvariable``.
    """

    as_of: date
    files: Mapping[str, FileContract]
    source: str = ""
    contract: str = ""
    currency: str = "EUR"
    bucket_days: int = 7
    horizon: int = 26
    format: CsvFormat = CsvFormat()
    values: Mapping[str, Any] = field(default_factory=dict)


def read_constants(mapping: Path) -> Constants:
    """The constants of a mapping folder, or an error that names the entry at fault."""
    document = _parse(mapping / FILE)
    files = document.get("files")
    for table, entry in files.items() if isinstance(files, dict) else ():
        contract = _convert(f"files.{table}.", entry, FileContract)
        _check_contract(f"files.{table}", contract)
    constants = _convert("", document, Constants)
    _convert("format.", document.get("format", {}), CsvFormat)
    _check_format("format", constants.format)
    _check_head(constants)
    return constants


def _parse(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise IngestError(FILE, f"is larger than {_MOST_BYTES} bytes", "keep data in files of its own")
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise IngestError(FILE, f"is missing from `{path.parent.name}`", "every mapping has one") from None
    except OSError as error:
        raise IngestError(FILE, f"cannot be read: {error.strerror}", "make it a readable file") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        first = str(error).replace("\n", " ")[:200]
        raise IngestError(FILE, f"is not YAML: {first}", "correct the syntax") from None
    if not isinstance(document, dict):
        raise IngestError(FILE, "is not a YAML mapping", "see examples/README.md for the form")
    return document


def _convert(where: str, document: object, form: type[T]) -> T:
    """Strictly: a misspelt entry is an error, because a default in its place would be a guess."""
    known = sorted(entry.name for entry in fields(form))  # type: ignore[arg-type]  # all forms are dataclasses
    for name in document if isinstance(document, dict) else ():
        if name not in known:
            raise IngestError(FILE, f"{where}{name}: unknown entry", f"use one of {', '.join(known)}")
    if isinstance(document, dict) and where.startswith("files.") and isinstance(document.get("format"), dict):
        _convert(f"{where}format.", document["format"], CsvFormat)
    try:
        return msgspec.convert(document, type=form)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        entry = where + path.strip("`").removeprefix("$").removeprefix(".")
        problem = f"{entry.removesuffix('.') or 'document'}: {problem[:1].lower()}{problem[1:]}"
        raise IngestError(FILE, problem, "see examples/README.md for the form") from None


def _check_contract(where: str, contract: FileContract) -> None:
    if len({column.lower() for column in contract.columns}) != len(contract.columns):
        raise IngestError(
            FILE, f"{where}.columns: one stands twice", "SQL does not tell upper from lower case"
        )
    if not contract.columns:
        raise IngestError(FILE, f"{where}.columns: is empty", "declare the columns that the SQL reads")
    for column in contract.key:
        if column not in contract.columns:
            raise IngestError(FILE, f"{where}.key: no column `{column}`", "declare it in columns")
    if contract.format:
        _check_format(f"{where}.format", contract.format)


def _check_format(where: str, csv: CsvFormat) -> None:
    if len(csv.delimiter) != 1 or len(csv.quote) > 1:
        raise IngestError(
            FILE,
            f"{where}: delimiter `{csv.delimiter}`, quote `{csv.quote}`",
            "give one character each; an empty quote means that fields are not quoted",
        )


def _check_head(constants: Constants) -> None:
    if len({table.lower() for table in constants.files}) != len(constants.files):
        raise IngestError(FILE, "files: one stands twice", "SQL does not tell upper from lower case")
    for name, value in constants.values.items():
        is_single = isinstance(value, str | int | date) or (isinstance(value, float) and isfinite(value))
        if not is_single:
            raise IngestError(FILE, f"values.{name}: is not a text, number or date", "write a single value")
    for name, number, most in (
        ("bucket_days", constants.bucket_days, 31),
        ("horizon", constants.horizon, 520),
    ):
        if not 1 <= number <= most:
            raise IngestError(FILE, f"{name}: is {number}", f"choose 1 to {most}")
