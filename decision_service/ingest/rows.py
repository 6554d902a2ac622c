"""
One SQL file of a mapping -> one set of the snapshot.

A column is a field: its name is checked, its value converted strictly, never coerced. NULL stands
only where a field may be absent. Numbers are finite and not negative: an ERP that reports -5 on
hand says something that the mapping has to answer with a finding.
"""

import math
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import msgspec

from decision_service.ingest.errors import IngestError

T = TypeVar("T")

MOST_ROWS = 4_000_000  # of one set, as in the proto
MOST_SECONDS = 120.0  # of one file; a mapping is interrupted, never left running
_BATCH = 10_000

# What gives another answer tomorrow: a snapshot is a function of its files.
_UNREPEATABLE = re.compile(
    r"\b(?:(?:now|today|random|setseed|uuid|uuidv4|uuidv7|gen_random_uuid|transaction_timestamp"
    r"|get_current_timestamp|get_current_time|nextval)\s*\(|current_(?:date|time|timestamp)\b"
    r"|localtime(?:stamp)?\b|(?:using|table)\s*sample\b)",
    re.IGNORECASE,
)
_COMMENT_OR_TEXT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)


def run_preparation(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Tables, views and macros that several sets share."""
    for statement in _statements(path):
        if statement.type != duckdb.StatementType.CREATE:
            raise IngestError(path.name, "does more than create tables, views and macros", "move it")
        with _bounded(database, path):
            database.execute(statement.query)


def read_set(database: duckdb.DuckDBPyConnection, path: Path, form: type[T]) -> tuple[T, ...]:
    """The rows that a SQL file selects, as the snapshot's nouns."""
    statements = _statements(path)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise IngestError(path.name, "is not one SELECT", "move shared views to prepare.sql")
    with _bounded(database, path):
        result = database.execute(statements[0].query)
        names = tuple(str(column[0]) for column in result.description)
        _check_columns(path, names, form)
        return tuple(
            _convert(path, number, dict(zip(names, row, strict=True)), form)
            for number, row in enumerate(_fetch(result, path), start=1)
        )


def _statements(path: Path) -> list[duckdb.Statement]:
    try:
        sql = path.read_text(encoding="utf-8")
        if found := _UNREPEATABLE.search(_COMMENT_OR_TEXT.sub(" ", sql)):
            raise IngestError(
                path.name, f"`{found[0]}` answers differently each time", "use getvariable('as_of')"
            )
        return duckdb.extract_statements(sql)
    except UnicodeDecodeError:
        raise IngestError(path.name, "is not UTF-8 text", "save it as UTF-8") from None
    except duckdb.Error as error:
        raise _refused(path, error) from None


@contextmanager
def _bounded(database: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    watch = threading.Timer(MOST_SECONDS, database.interrupt)
    watch.daemon = True
    watch.start()
    try:
        yield
    except duckdb.InterruptException:
        raise IngestError(
            path.name, f"takes over {MOST_SECONDS:g} s", "select less, or simplify it"
        ) from None
    except duckdb.OutOfMemoryException:
        raise IngestError(path.name, "needs more memory than an import may use", "select less") from None
    except duckdb.Error as error:
        raise _refused(path, error) from None
    finally:
        watch.cancel()


def _refused(path: Path, error: duckdb.Error) -> IngestError:
    message = " ".join(str(error).split())
    return IngestError(path.name, f"DuckDB refuses it: {message[:500]}", "correct the SQL")


def _fetch(result: duckdb.DuckDBPyConnection, path: Path) -> Iterator[tuple[Any, ...]]:
    read = 0
    while batch := result.fetchmany(_BATCH):
        read += len(batch)
        if read > MOST_ROWS:
            raise IngestError(path.name, f"selects over {MOST_ROWS:,} rows", "select less")
        yield from batch


def _check_columns(path: Path, names: tuple[str, ...], form: type[Any]) -> None:
    known = {entry.name: entry for entry in fields(form)}
    for name in names:
        if name not in known:
            raise IngestError(
                f"{path.name} column `{name}`", "is no field of this set", f"use {', '.join(known)}"
            )
    if len(set(names)) != len(names):
        raise IngestError(path.name, "selects a column twice", "name each column once")
    for name, entry in known.items():
        required = entry.default is MISSING and entry.default_factory is MISSING
        if required and name not in names:
            raise IngestError(f"{path.name} column `{name}`", "is missing", "select it: it is required")


def _convert(path: Path, number: int, row: Mapping[str, Any], form: type[T]) -> T:
    for column, value in row.items():
        for problem in _numeric_problems(value):
            raise IngestError(
                f"{path.name} row {number} column `{column}`",
                problem,
                "decide in the SQL what holds instead, and say so in findings.sql",
            )
    try:
        return msgspec.convert(row, type=form)
    except msgspec.ValidationError as error:
        problem, _, at = str(error).partition(" - at ")
        column = at.strip("`").removeprefix("$.") or "row"
        raise IngestError(
            f"{path.name} row {number} column `{column}`",
            f"{problem[:1].lower()}{problem[1:]}",
            f"cast it in the SQL, or leave it out; the row is {_shorten(row)}",
        ) from None


def _numeric_problems(value: Any) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for part in value:
            yield from _numeric_problems(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _numeric_problems(part)
    elif isinstance(value, int | float | Decimal) and not math.isfinite(value):
        yield f"`{value}` is not a finite number"
    elif isinstance(value, int | float | Decimal) and value < 0:
        yield f"`{value}` is negative; quantities, money and times are zero or more"


def _shorten(row: Mapping[str, Any]) -> str:
    text = ", ".join(f"{name}={value!r}" for name, value in row.items())
    return text if len(text) <= 160 else text[:160] + "..."


def check_unique(path: Path, rows: tuple[T, ...], key: Callable[[T], object]) -> None:
    """No two rows of a set are called the same."""
    seen: set[object] = set()
    for number, row in enumerate(rows, start=1):
        if (name := key(row)) in seen:
            raise IngestError(f"{path.name} row {number}", f"`{name}` is selected twice", "select each once")
        seen.add(name)
