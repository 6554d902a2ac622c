"""
Rows as the columns of a Parquet file: a 64-bit place, everything else text.

Apart from `audit.export.rows`, because importing pyarrow takes longer than everything else here.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import parquet


class UnreadableError(Exception):
    """The file is not Parquet, is damaged, or has other columns than an export."""


def write(file: BinaryIO, names: tuple[str, ...], groups: Iterable[list[Any]]) -> None:
    """Write groups of rows, one row group each."""
    schema = _schema(names)
    with parquet.ParquetWriter(file, schema) as writer:
        for group in groups:
            columns = [
                pa.array(column, field.type)
                for column, field in zip(zip(*group, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def read(path: Path, names: tuple[str, ...], most: int) -> Iterator[list[Any]]:
    """
    Return the rows, of which at most so many are held at a time.

    Raises
    ------
    UnreadableError
        If the file has other columns, or cannot be read to its end.
    """
    try:
        with parquet.ParquetFile(path) as file:
            if not file.schema_arrow.equals(_schema(names)):
                raise UnreadableError("it does not have the columns of an export")
            for group in file.iter_batches(most):
                for values in zip(*(column.to_pylist() for column in group.columns), strict=True):
                    yield list(values)
    except pa.ArrowException as error:
        raise UnreadableError(str(error)) from error


def _schema(names: tuple[str, ...]) -> Any:
    return pa.schema([(name, pa.int64() if name == "seq" else pa.string()) for name in names])
