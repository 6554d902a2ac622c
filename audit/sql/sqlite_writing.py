"""
Writing to SQLite: statements of its own, rows as tuples.

A transaction of a bulk action moves tens of thousands of pointers. Writing the statements out costs
half of what having them put together costs, and a list of names is one JSON text: an IN list would
be another statement for every length.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy.engine import Connection

from audit.artifact import Artifact
from audit.entry import Entry, Record, entry_of, record_of
from audit.store import Batch

_SIZE = "SELECT coalesce(max(seq), -1) + 1 FROM entry"
_BY_KEYS = """
    SELECT seq, kind, subject, recorded_at, envelope, leaf_hash, key, payload_commitment
    FROM entry WHERE key IN (SELECT value FROM json_each(?))
"""
_KNOWN = "SELECT digest FROM artifact WHERE digest IN (SELECT value FROM json_each(?))"
# The latest move of each pointer, a look into the index (name, seq) each.
_POINTERS = """
    SELECT asked.value, (SELECT value FROM pointer WHERE name = asked.value ORDER BY seq DESC LIMIT 1)
    FROM json_each(?) AS asked
"""
_ENTRY = """
    INSERT INTO entry (seq, kind, subject, recorded_at, envelope, leaf_hash, key, payload_commitment)
    VALUES (?, ?, ?, ?, ?, ?, nullif(?, ''), ?)
"""  # two entries without a key are no repetition: theirs is null
_PAYLOAD = "INSERT INTO payload (seq, salt, payload) VALUES (?, ?, ?)"
_ARTIFACT = "INSERT INTO artifact (digest, media_type, content) VALUES (?, ?, ?)"
_POINTER = "INSERT INTO pointer (name, seq, value) VALUES (?, ?, ?)"
_TILE = "INSERT INTO tile (level, number, nodes) VALUES (?, ?, ?)"
_CHECKPOINT = "INSERT INTO checkpoint (size, note) VALUES (?, ?)"


class SqliteTransaction:
    """The log, held by one writer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def size(self) -> int:
        """Return the number of entries."""
        size: int = self._connection.exec_driver_sql(_SIZE).scalar_one()
        return size

    def by_keys(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        """Return the entries that hold these idempotency keys."""
        found = map(entry_of, map(Record._make, self._about(_BY_KEYS, keys)))
        return {entry.key: entry for entry in found}

    def pointer_values(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those pointers that are set."""
        return {name: value for name, value in self._about(_POINTERS, names) if value is not None}

    def write(self, batch: Batch) -> None:
        """Add a batch."""
        self._add(_ENTRY, [record_of(entry) for entry in batch.entries])
        self._add(_PAYLOAD, [(seq, kept.salt, kept.payload) for seq, kept in batch.sealed.items()])
        self._keep(batch.artifacts)
        self._add(_POINTER, batch.moves)
        self._add(_TILE, [(tile.level, tile.number, tile.nodes) for tile in batch.tiles])
        if batch.checkpoint:
            self._add(_CHECKPOINT, [(batch.checkpoint.size, batch.checkpoint.note)])

    def _keep(self, artifacts: Mapping[str, Artifact]) -> None:
        """Store those artifacts that are not stored yet."""
        if artifacts:
            known = {digest for (digest,) in self._about(_KNOWN, artifacts)}
            missing = [a for digest, a in artifacts.items() if digest not in known]
            self._add(_ARTIFACT, [(a.digest, a.media_type, a.content) for a in missing])

    def _about(self, statement: str, names: Iterable[str]) -> Sequence[Any]:
        """Return the rows about these names; ask once for all."""
        asked = orjson.dumps(list(names)).decode()
        return self._connection.exec_driver_sql(statement, (asked,)).cursor.fetchall()

    def _add(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            self._connection.exec_driver_sql(statement, list(rows))
