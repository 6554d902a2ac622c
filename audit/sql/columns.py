"""
Columns of values as PostgreSQL's binary arrays.

The driver writes arrays element by element, asking of each what it is; here the column's type is
known. It is a third of the time of a batch.
"""

import struct
import uuid
from collections.abc import Iterable
from typing import Any

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

_EMPTY, _HEAD, _LENGTH, _BIGINT, _INT = map(struct.Struct, ("!iii", "!iiiii", "!i", "!iq", "!ii"))
_NULL = _LENGTH.pack(-1)


class Column:
    """
    A column in wire format.

    Parameters
    ----------
    elements
        The values, each behind its length.
    """

    element_oid = array_oid = 0  # as the server's catalogue has them, fixed for built-in types

    def __init__(self, elements: Iterable[bytes], *, has_null: bool = False) -> None:
        written = list(elements)
        if written:
            head = _HEAD.pack(1, has_null, self.element_oid, len(written), 1)
        else:
            head = _EMPTY.pack(0, 0, self.element_oid)
        self.data = head + b"".join(written)


class BigIntegers(Column):
    """A ``bigint[]``."""

    element_oid, array_oid = 20, 1016

    def __init__(self, values: Iterable[int]) -> None:
        super().__init__(_BIGINT.pack(8, value) for value in values)


class Integers(Column):
    """An ``integer[]``."""

    element_oid, array_oid = 23, 1007

    def __init__(self, values: Iterable[int]) -> None:
        super().__init__(_INT.pack(4, value) for value in values)


class Bytes(Column):
    """A ``bytea[]``."""

    element_oid, array_oid = 17, 1001

    def __init__(self, values: Iterable[bytes]) -> None:
        super().__init__(_LENGTH.pack(len(value)) + value for value in values)


class Texts(Column):
    """A ``text[]``; values may be missing."""

    element_oid, array_oid = 25, 1009

    def __init__(self, values: Iterable[str | None]) -> None:
        encoded = [None if value is None else value.encode() for value in values]
        super().__init__(
            (_NULL if value is None else _LENGTH.pack(len(value)) + value for value in encoded),
            has_null=None in encoded,
        )


class Uuids(Column):
    """A ``uuid[]``."""

    element_oid, array_oid = 2950, 2951

    def __init__(self, values: Iterable[uuid.UUID]) -> None:
        super().__init__(_LENGTH.pack(16) + value.bytes for value in values)


class _ColumnDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Any) -> bytes:
        written: bytes = obj.data
        return written


def register(raw: Connection[Any]) -> None:
    """Teach a connection to send columns."""
    for kind in (BigIntegers, Integers, Bytes, Texts, Uuids):
        dumper = type(f"_{kind.__name__}Dumper", (_ColumnDumper,), {"oid": kind.array_oid})
        raw.adapters.register_dumper(kind, dumper)
