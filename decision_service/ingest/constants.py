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
from pathlib import Path
from typing import Any

import msgspec
import yaml

from decision_service.ingest.errors import IngestError

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
    try:
        constants = msgspec.convert(document, type=Constants)
    except msgspec.ValidationError as error:
        raise IngestError(FILE, _in_words(error), "see examples/README.md for the form") from None
    _check(document, constants)
    return constants


def _parse(path: Path) -> object:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise IngestError(FILE, f"is larger than {_MOST_BYTES} bytes", "keep data in files of its own")
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise IngestError(FILE, f"is missing from `{path.parent.name}`", "every mapping has one") from None
    except OSError as error:
        raise IngestError(FILE, f"cannot be read: {error.strerror}", "make it a readable file") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        first = str(error).replace("\n", " ")[:200]
        raise IngestError(FILE, f"is not YAML: {first}", "correct the syntax") from None


def _in_words(error: msgspec.ValidationError) -> str:
    problem, _, path = str(error).partition(" - at ")
    return f"{path.strip('`').removeprefix('$.') or 'document'}: {problem[:1].lower()}{problem[1:]}"


def _check(document: object, constants: Constants) -> None:
    _refuse_unknown("", document, Constants)
    _refuse_unknown("format.", _entry(document, "format"), CsvFormat)
    for name, value in constants.values.items():
        if not isinstance(value, str | int | float | date):
            raise IngestError(FILE, f"values.{name}: is not a text, number or date", "write a single value")
    for table, contract in constants.files.items():
        where = f"files.{table}"
        _refuse_unknown(f"{where}.", _entry(document, "files", table), FileContract)
        _refuse_unknown(f"{where}.format.", _entry(document, "files", table, "format"), CsvFormat)
        if not contract.columns:
            raise IngestError(FILE, f"{where}.columns: is empty", "declare the columns that the SQL reads")
        for column in contract.key:
            if column not in contract.columns:
                raise IngestError(FILE, f"{where}.key: no column `{column}`", "declare it in columns")
        _check_format(f"{where}.format", contract.format or constants.format)
    for name, number, least, most in (
        ("bucket_days", constants.bucket_days, 1, 31),
        ("horizon", constants.horizon, 1, 520),
    ):
        if not least <= number <= most:
            raise IngestError(FILE, f"{name}: is {number}", f"choose {least} to {most}")


def _check_format(where: str, csv: CsvFormat) -> None:
    if len(csv.delimiter) != 1 or len(csv.quote) > 1:
        raise IngestError(
            FILE,
            f"{where}: delimiter `{csv.delimiter}`, quote `{csv.quote}`",
            "give one character each; an empty quote means that fields are not quoted",
        )


def _entry(document: object, *path: str) -> object:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _refuse_unknown(where: str, document: object, form: type[Constants | FileContract | CsvFormat]) -> None:
    """Misspelt entries are errors: a default in their place would be a guess."""
    known = sorted(entry.name for entry in fields(form))
    for name in document if isinstance(document, dict) else ():
        if name not in known:
            raise IngestError(FILE, f"{where}{name}: unknown entry", f"use one of {', '.join(known)}")
