"""
The book's tables, in a SQLite file.

What follows from an outcome alone is kept once an outcome (`begun`), what follows from a decision once a
decision (`opened`). An order has a row of what is looked for, which is made of these two where they are, and a
record of its own only once something happened to it. Its key is its place in the log and its number in the
decision: orders lie in the order in which they are read, and need no index for it. A `moment` is the time that
was recorded, in microseconds since 1970: the database counts deadlines from there.
"""

import sqlite3

from decision_service.usecases.approvals.order_record import UNDELIVERED, WAITING, OrderState

SCHEMA = 9
NUMBER = 24
"""Bits of a key for the number of an order in its decision, or in its outcome."""


def _in(states: frozenset[OrderState]) -> str:
    """One after the other: of a list SQLite would make a table for each row that comes."""
    return f"({' OR '.join(sorted(f'orders.state = {state.value!r}' for state in states))})"


IS_WAITING, LIVE = _in(WAITING), f"moved_by = '' AND {_in(UNDELIVERED)}"
"""Conditions as their indexes have them: SQLite looks for the same words."""

_TABLES = f"""
CREATE TABLE cursor (id INTEGER PRIMARY KEY, schema_version INTEGER, position INTEGER);
CREATE TABLE outcome (digest TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE begun (
    key INTEGER PRIMARY KEY, outcome INTEGER NOT NULL, id TEXT NOT NULL, stage TEXT NOT NULL, item TEXT NOT NULL,
    state TEXT NOT NULL, asked TEXT NOT NULL, cost REAL NOT NULL, supplier TEXT NOT NULL, wait INTEGER, placed REAL,
    facts BLOB NOT NULL
);
CREATE UNIQUE INDEX begun_id ON begun (outcome, id);
CREATE TABLE opened (
    place INTEGER PRIMARY KEY, decision TEXT NOT NULL, recorded TEXT NOT NULL, moment INTEGER NOT NULL,
    release TEXT NOT NULL, snapshot TEXT NOT NULL, scope TEXT NOT NULL, outcome INTEGER NOT NULL
);
CREATE INDEX opened_decision ON opened (decision);
CREATE INDEX opened_release ON opened (release);
CREATE TABLE orders (
    key INTEGER PRIMARY KEY, begun INTEGER NOT NULL, scope TEXT NOT NULL, deadline REAL, due REAL, retry REAL,
    id TEXT NOT NULL, stage TEXT NOT NULL, item TEXT NOT NULL, state TEXT NOT NULL, asked TEXT NOT NULL,
    cost REAL NOT NULL, is_dead INTEGER NOT NULL, moved_by TEXT NOT NULL, version INTEGER NOT NULL,
    is_told INTEGER NOT NULL, value REAL NOT NULL, rolled_back TEXT NOT NULL, supplier TEXT NOT NULL,
    record BLOB
);
CREATE INDEX orders_supplier ON orders (supplier);
CREATE INDEX orders_waiting ON orders (deadline) WHERE {IS_WAITING};
CREATE INDEX orders_due ON orders (due) WHERE due IS NOT NULL;
CREATE INDEX orders_retry ON orders (retry) WHERE retry IS NOT NULL;
CREATE INDEX orders_live ON orders (stage) WHERE {LIVE};
"""
_ALL = ("orders", "opened", "begun", "outcome", "cursor")


def connect(file: str) -> sqlite3.Connection:
    """The book's file, or memory; whatever a failure of power takes is read again."""
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
    return connection


def prepared(connection: sqlite3.Connection, size: int) -> int:
    """How far the log of so many entries was read; everything is read anew where the file does not fit."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'cursor'").fetchone():
        row = connection.execute("SELECT schema_version, position FROM cursor").fetchone()
        if row and row[0] == SCHEMA and row[1] <= size:
            return int(row[1])
    dropped = "".join(f"DROP TABLE IF EXISTS {table};" for table in _ALL)
    blank = f"INSERT INTO cursor VALUES (1, {SCHEMA}, 0);"  # noqa: S608 - a constant
    connection.executescript(f"BEGIN; {dropped} {_TABLES} {blank} COMMIT;")
    return 0
