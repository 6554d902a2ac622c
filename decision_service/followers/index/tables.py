"""
The index's tables, in a SQLite file.

There is no row a decision: what a line of a list shows is read from the log, where it stands anyway.

What many decisions have in common (an actor, a release, a rule) is a *word*. Where a word occurs is kept as
bits, one a place of the log, a *block* of places at a time: that is a row a block, where an index of the
column would be a row a decision. Values of decisions lie side by side in the same blocks.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy.typing as npt

SCHEMA = 5
BLOCK = 1024
"""Places of the log in a block."""

_TABLES = """
CREATE TABLE decision_index_cursor (
    id INTEGER PRIMARY KEY, schema_version INTEGER, position INTEGER, leaf TEXT, places INTEGER
);
CREATE TABLE decision_word (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (kind, text));
CREATE TABLE decision_bits (
    word INTEGER NOT NULL, block INTEGER NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (word, block)
) WITHOUT ROWID;
CREATE TABLE decision_values (
    block INTEGER PRIMARY KEY, low REAL NOT NULL, high REAL NOT NULL, worth BLOB NOT NULL
);
CREATE TABLE decision_place (
    seq INTEGER NOT NULL, item TEXT NOT NULL, location TEXT NOT NULL, PRIMARY KEY (seq, item, location)
) WITHOUT ROWID;
CREATE INDEX place_item ON decision_place (item);
CREATE INDEX place_location ON decision_place (location);
"""
_OURS = (
    "index_cursor",
    "word",
    "bits",
    "values",
    "place",
    "index",
    "rule",
)  # the last two are of earlier schemas


def connect(url: str) -> sqlite3.Connection:
    """
    The database of a ``sqlite:///`` address.

    A batch that a power failure takes is read again, so none has to reach the disk before the next one.
    """
    file = url.removeprefix("sqlite:///")
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
    return connection


def make_anew(connection: sqlite3.Connection) -> None:
    """Empty tables, whatever was there; its room goes back to the disk."""
    dropped = "".join(f"DROP TABLE IF EXISTS decision_{name};" for name in _OURS)
    blank = f"INSERT INTO decision_index_cursor VALUES (1, {SCHEMA}, 0, '', 0);"  # noqa: S608 - a constant
    connection.executescript(f"BEGIN; {dropped} {_TABLES} {blank} COMMIT; VACUUM;")


def cursor_of(connection: sqlite3.Connection) -> tuple[int, str] | None:
    """How far the log was read and the leaf it ended with; None for no index of this schema."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'decision_index_cursor'").fetchone():
        return None
    found = connection.execute("SELECT schema_version FROM decision_index_cursor").fetchone()
    if found != (SCHEMA,):
        return None
    position, leaf = connection.execute("SELECT position, leaf FROM decision_index_cursor").fetchone()
    return position, leaf


class Words:
    """Numbers of words, remembered."""

    _MOST = 100_000

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], int] = {}

    def find(self, kind: str, text: str) -> int | None:
        """The number of a word, None where it never occurred."""
        known = self._known.get((kind, text))
        if known is None:
            query = "SELECT id FROM decision_word WHERE kind = ? AND text = ?"
            if found := self._connection.execute(query, (kind, text)).fetchone():
                known = self._remember(kind, text, found[0])
        return known

    def number(self, kind: str, text: str) -> int:
        """The number of a word, a new one where it never occurred."""
        known = self.find(kind, text)
        if known is None:
            made = self._connection.execute("INSERT INTO decision_word VALUES (NULL, ?, ?)", (kind, text))
            known = self._remember(kind, text, int(made.lastrowid or 0))
        return known

    def of_kind(self, kind: str) -> Iterator[str]:
        """All words of a kind that occur."""
        query = "SELECT text FROM decision_word WHERE kind = ?"
        return (text for (text,) in self._connection.execute(query, (kind,)))

    def forget(self) -> None:
        """Numbers that were given in a transaction that failed are given again."""
        self._known.clear()

    def _remember(self, kind: str, text: str, number: int) -> int:
        if len(self._known) >= self._MOST:
            self.forget()
        self._known[kind, text] = number
        return number


def add_bits(connection: sqlite3.Connection, added: Iterable[tuple[int, int, int]]) -> None:
    """Word, block and bits that come to those already there."""
    query = "SELECT bits FROM decision_bits WHERE word = ? AND block = ?"
    rows = []
    for word, block, bits in added:
        before = connection.execute(query, (word, block)).fetchone()
        both = bits | int.from_bytes(before[0], "little") if before else bits
        rows.append((word, block, both.to_bytes((both.bit_length() + 7) // 8, "little")))
    connection.executemany("INSERT OR REPLACE INTO decision_bits VALUES (?, ?, ?)", rows)


def add_values(connection: sqlite3.Connection, block: int, values: Mapping[int, float]) -> None:
    """Values of decisions, by their places in a block; where there is no decision, there is none."""
    import numpy as np  # noqa: PLC0415 - a service starts without it

    before = connection.execute("SELECT worth FROM decision_values WHERE block = ?", (block,)).fetchone()
    worth: npt.NDArray[np.float64] = np.frombuffer(before[0]).copy() if before else np.full(BLOCK, np.nan)
    worth[[*values]] = [*values.values()]
    row = (block, float(np.nanmin(worth)), float(np.nanmax(worth)), worth.tobytes())
    connection.execute("INSERT OR REPLACE INTO decision_values VALUES (?, ?, ?, ?)", row)
