"""Entries as rows of JSON lines, CSV or Parquet; the three hold the same columns as text."""

import base64
import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from audit.entry import Record, Sealed
from audit.errors import NoteError
from audit.note import read_base64

_GROUP = 1000  # rows read or written at a time


class ExportFormat(StrEnum):
    """How the rows are written; the value is the file's suffix."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class Row(NamedTuple):
    """
    One entry in an export.

    Parameters
    ----------
    envelope
        The exact bytes, which are UTF-8 text.
    salt, payload
        Base64; both empty if there is no payload, or not any more.
    proof
        The inclusion proof: base64 hashes from the leaf upwards, separated by spaces.
    """

    seq: int
    kind: str
    subject: str
    recorded_at: str
    key: str
    payload_commitment: str
    leaf_hash: str
    envelope: str
    salt: str
    payload: str
    proof: str


class Fault(NamedTuple):
    """A row that cannot be read."""

    message: str


def row_of(record: Record, sealed: Sealed | None, proof: tuple[bytes, ...]) -> Row:
    """Return an entry as a row."""
    salt, payload = (_write_base64(sealed.salt), _write_base64(sealed.payload)) if sealed else ("", "")
    return Row(
        record.seq,
        record.kind,
        record.subject,
        record.recorded_at,
        record.key,
        record.payload_commitment,
        record.leaf_hash.hex(),
        record.envelope.decode(),
        salt,
        payload,
        " ".join(map(_write_base64, proof)),
    )


def read_row(row: Row) -> tuple[Record, Sealed | None, tuple[bytes, ...]] | Fault:
    """Return what a row says, or why it says nothing."""
    try:
        leaf = bytes.fromhex(row.leaf_hash)
        sealed = Sealed(read_base64(row.salt), read_base64(row.payload)) if row.salt else None
        proof = tuple(map(read_base64, row.proof.split()))
        envelope = row.envelope.encode()
    except (NoteError, ValueError) as error:
        return Fault(f"the row of entry {row.seq}: {error}")
    record = Record(
        row.seq,
        row.kind,
        row.subject,
        row.recorded_at,
        envelope,
        leaf,
        row.key,
        row.payload_commitment,
    )
    return record, sealed, proof


def write_rows(path: Path, form: ExportFormat, rows: Iterable[Row]) -> None:
    """Write all rows to a new file."""
    _WRITERS[form](path, rows)


def read_rows(path: Path, form: ExportFormat) -> Iterator[Row | Fault]:
    """Return the rows of a file, a fault for each that cannot be read."""
    try:
        yield from _READERS[form](path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        yield Fault(f"`{path.name}` cannot be read to its end: {error}")


def _write_jsonl(path: Path, rows: Iterable[Row]) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row._asdict(), ensure_ascii=False) + "\n" for row in rows)


def _write_csv(path: Path, rows: Iterable[Row]) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Row._fields)
        writer.writerows(rows)


def _write_parquet(path: Path, rows: Iterable[Row]) -> None:
    from audit.export import columns  # noqa: PLC0415 - a third of a second that only Parquet needs

    with path.open("xb") as file:
        columns.write(file, Row._fields, _groups(rows))


def _read_jsonl(path: Path) -> Iterator[Row | Fault]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            try:
                content = json.loads(line)
                yield _row([content[name] for name in Row._fields])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                yield Fault(f"line {number} of `{path.name}` is not an entry: {error!r}")


def _read_csv(path: Path) -> Iterator[Row | Fault]:
    csv.field_size_limit(sys.maxsize)  # the default of 128 kB is less than a payload may have
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        if next(reader, None) != list(Row._fields):
            yield Fault(f"`{path.name}` does not have the columns of an export")
            return
        for values in reader:
            try:
                yield _row([int(values[0]), *values[1:]])
            except (ValueError, TypeError, IndexError) as error:
                yield Fault(f"line {reader.line_num} of `{path.name}` is not an entry: {error!r}")


def _read_parquet(path: Path) -> Iterator[Row | Fault]:
    from audit.export import columns  # noqa: PLC0415 - see above

    try:
        for values in columns.read(path, Row._fields, _GROUP):
            yield _row(values)
    except columns.UnreadableError as error:
        yield Fault(f"`{path.name}` cannot be read to its end: {error}")


def _row(values: list[Any]) -> Row:
    row = Row(*values)
    if type(row.seq) is not int or not all(isinstance(text, str) for text in row[1:]):
        raise TypeError("a column has another type than an export has")
    return row


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group = []
    for row in rows:
        group.append(row)
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group


def _write_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


_WRITERS: dict[ExportFormat, Callable[[Path, Iterable[Row]], None]] = {
    ExportFormat.JSONL: _write_jsonl,
    ExportFormat.CSV: _write_csv,
    ExportFormat.PARQUET: _write_parquet,
}
_READERS: dict[ExportFormat, Callable[[Path], Iterator[Row | Fault]]] = {
    ExportFormat.JSONL: _read_jsonl,
    ExportFormat.CSV: _read_csv,
    ExportFormat.PARQUET: _read_parquet,
}
