"""
Writing to SQLite: statements of its own, rows as tuples, on the driver's own cursor.

A transaction of a bulk action moves tens of thousands of pointers, and one of a busy service comes every few
milliseconds. Writing the statements out costs a fraction of what having them put together and wrapped costs.
A list of names is one JSON text: an IN list would be another statement for every length. What a batch is judged
by is one question, and rows go many to a statement, for each statement lets go of the interpreter's lock several
times and has to wait for it again, while the event loop has all the more to do.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Engine

from audit.artifact import Artifact
from audit.entry import Record, entry_of, record_of
from audit.sql.known import KnownArtifacts
from audit.store import Batch, Looked, TakenError

# How many entries there are, which of the keys are taken where, and the latest move of each pointer, a look into
# the index (name, seq) each.
_LOOK = """
    SELECT
        (SELECT coalesce(max(seq), -1) + 1 FROM entry),
        (SELECT json_group_array(seq) FROM entry WHERE key IN (SELECT value FROM json_each(?))),
        (SELECT json_group_object(
            asked.value, (SELECT value FROM pointer WHERE name = asked.value ORDER BY seq DESC LIMIT 1)
        ) FROM json_each(?) AS asked)
"""
_TAKEN = """
    SELECT seq, kind, subject, recorded_at, envelope, leaf_hash, key, payload_commitment
    FROM entry WHERE seq IN (SELECT value FROM json_each(?))
"""
_KNOWN = "SELECT digest FROM artifact WHERE digest IN (SELECT value FROM json_each(?))"
MOST_ROWS = 64  # of a statement
STATEMENTS = 8 * MOST_ROWS  # kept prepared: inserts of every length, a few kilobytes each


class _Insert(NamedTuple):
    """Where rows go, and how each is written."""

    into: str
    row: str


_ENTRY = _Insert(
    "entry (seq, kind, subject, recorded_at, envelope, leaf_hash, key, payload_commitment)",
    "(?, ?, ?, ?, ?, ?, nullif(?, ''), ?)",  # two entries without a key are no repetition
)
_PAYLOAD = _Insert("payload (seq, salt, payload)", "(?, ?, ?)")
_ARTIFACT = _Insert("artifact (digest, media_type, content)", "(?, ?, ?)")
_POINTER = _Insert("pointer (name, seq, value)", "(?, ?, ?)")
_TILE = _Insert("tile (level, number, nodes)", "(?, ?, ?)")
_CHECKPOINT = _Insert("checkpoint (size, note)", "(?, ?)")


@contextmanager
def begin(engine: Engine, known: KnownArtifacts) -> "Iterator[SqliteTransaction]":
    """
    Hold the log; commit on a normal exit, undo on an exception.

    Parameters
    ----------
    known
        Content that need not be looked for.
    """
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        # Taking the write lock at once is what makes "read the head, then append" one step.
        cursor.execute("BEGIN IMMEDIATE")
        transaction = SqliteTransaction(cursor, known)
        try:
            yield transaction
            cursor.execute("COMMIT")  # prepared once; the driver's own commit is prepared each time
        except BaseException:
            connection.rollback()
            raise
        known.learn(transaction.kept)
    finally:
        connection.close()


class SqliteTransaction:
    """The log, held by one writer."""

    def __init__(self, cursor: Any, known: KnownArtifacts) -> None:
        self._cursor = cursor
        self._known = known
        self.kept: list[Artifact] = []  # stored once this transaction is durable

    def look(self, keys: Iterable[str], names: Iterable[str]) -> Looked:
        """Return how many entries there are, those that hold these keys, and the pointers that are set."""
        size, taken, pointers = self._cursor.execute(_LOOK, (_json(keys), _json(names))).fetchone()
        places = orjson.loads(taken)
        found = self._about(_TAKEN, places) if places else ()
        entries = {entry.key: entry for entry in map(entry_of, map(Record._make, found))}
        values = {name: value for name, value in orjson.loads(pointers).items() if value is not None}
        return Looked(size, entries, values)

    def write(self, batch: Batch) -> None:
        """
        Add a batch.

        Raises
        ------
        TakenError
            Its first place is not the next one, or a key is in the log already.
        """
        try:
            self._add(_ENTRY, list(map(record_of, batch.entries)))
        except sqlite3.IntegrityError as error:
            raise TakenError(f"the store refused: {error}; nothing of this batch was kept") from error
        self._add(_PAYLOAD, [(seq, kept.salt, kept.payload) for seq, kept in batch.sealed.items()])
        self._keep(self._known.unknown(batch.artifacts.values()))
        self._add(_POINTER, batch.moves)
        self._add(_TILE, [(tile.level, tile.number, tile.nodes) for tile in batch.tiles])
        if batch.checkpoint:
            self._add(_CHECKPOINT, [(batch.checkpoint.size, batch.checkpoint.note)])

    def _keep(self, artifacts: Sequence[Artifact]) -> None:
        """Store those artifacts that are not stored yet."""
        if artifacts:
            stored = {digest for (digest,) in self._about(_KNOWN, (a.digest for a in artifacts))}
            missing = [a for a in artifacts if a.digest not in stored]
            self._add(_ARTIFACT, [(a.digest, a.media_type, a.content) for a in missing])
            self.kept.extend(artifacts)

    def _about(self, statement: str, names: Iterable[str | int]) -> Sequence[Any]:
        """Return the rows about these names; ask once for all."""
        found: list[Any] = self._cursor.execute(statement, (_json(names),)).fetchall()
        return found

    def _add(self, insert: _Insert, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, as many to a statement as may be; the driver keeps those it prepared."""
        for start in range(0, len(rows), MOST_ROWS):
            some = rows[start : start + MOST_ROWS]
            self._cursor.execute(_statement(insert, len(some)), list(chain.from_iterable(some)))


def _json(names: Iterable[str | int]) -> str:
    return orjson.dumps(list(names)).decode()


@lru_cache(maxsize=STATEMENTS)
def _statement(insert: _Insert, count: int) -> str:
    return f"INSERT INTO {insert.into} VALUES {', '.join([insert.row] * count)}"  # noqa: S608 - constants
