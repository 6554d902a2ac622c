"""
Connections to SQLite: durable, append-only, without residue.

WAL with ``synchronous=FULL`` makes a commit durable when it returns; ``secure_delete`` overwrites
what is deleted; and an authoriser refuses, on every connection made here, whatever the triggers
would refuse, and also the dropping of those triggers.
"""

import sqlite3
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import ConnectionPoolEntry

from audit.sql.sqlite_writing import STATEMENTS
from audit.sql.tables import LedgerTable, PayloadRow

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA busy_timeout=5000",
    "PRAGMA trusted_schema=OFF",
)
_LEDGER = frozenset(LedgerTable.metadata.tables)
_CHANGES = frozenset({sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_DROP_TABLE})
_DROPS_TRIGGER = frozenset({sqlite3.SQLITE_DROP_TRIGGER, sqlite3.SQLITE_DROP_TEMP_TRIGGER})
_DANGEROUS = frozenset(
    {"writable_schema", "recursive_triggers", "ignore_check_constraints", "defer_foreign_keys"}
)


def connect_sqlite(url: str) -> tuple[Engine, Engine]:
    """Return an engine for writing, with one connection, and one for reading."""
    kept = {"check_same_thread": False, "cached_statements": STATEMENTS}
    writing = create_engine(url, pool_size=1, max_overflow=0, connect_args=kept)
    reading = create_engine(url, pool_size=4, max_overflow=28, connect_args={"check_same_thread": False})
    for engine in (writing, reading):
        event.listen(engine, "connect", _prepare)
    event.listen(writing, "begin", _begin_immediately)  # reading is one statement at a time and needs none
    return writing, reading


def _prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()
    connection.set_authorizer(_authorise)


def _begin_immediately(connection: Connection) -> None:
    # Taking the write lock at once is what makes "read the head, then append" one step.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _authorise(
    action: int, first: str | None, second: str | None, _schema: str | None, _source: str | None
) -> int:
    """Refuse to prepare a statement that would change what is recorded."""
    if action in _CHANGES and first in _LEDGER:
        # Payloads may be deleted, but only as far as the trigger allows: after their erasure is recorded.
        is_erasure = action == sqlite3.SQLITE_DELETE and first == PayloadRow.__tablename__
        return sqlite3.SQLITE_OK if is_erasure else sqlite3.SQLITE_DENY
    if action in _DROPS_TRIGGER and second in _LEDGER:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_ALTER_TABLE and second in _LEDGER:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and first in _DANGEROUS and second is not None:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
