"""
Writing to PostgreSQL with few round trips.

At hundreds of batches a second, a transaction is mostly waiting for replies. So what is read first
is asked for in one message, and everything a batch adds is one statement: every table takes its rows
column by column. The driver's pipeline mode would save as much, but its transactions escape the
server's time-outs for silent sessions, and with them the lead would never leave a frozen process.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg import ClientCursor, Connection, Cursor

from audit.artifact import Artifact
from audit.entry import Entry, Record, entry_of, record_of
from audit.sequence import Outcome
from audit.sql.columns import BigIntegers, Bytes, Column, Integers, Texts, Uuids
from audit.sql.postgres import WRITE
from audit.sql.wire import write_outcome
from audit.store import Batch

_MOST_KNOWN = 20_000  # digests remembered, 2 MB

COLUMNS = "e.seq, e.kind, e.subject, e.recorded_at, e.envelope, e.leaf_hash, coalesce(e.key, ''), e.payload_commitment"
_BY_KEYS = f"SELECT {COLUMNS} FROM entry e WHERE e.key = ANY(%b::text[])"  # noqa: S608 - names of this file
# Each statement sees what was committed before it, and so all that was written before the lock was ours.
_BEGIN = f"""
    BEGIN ISOLATION LEVEL READ COMMITTED;
    SELECT pg_advisory_xact_lock({WRITE});
    SELECT coalesce(max(seq), -1) + 1 FROM entry
"""  # noqa: S608 - a number of this package
_POINTERS = """
    SELECT DISTINCT ON (name) name, value FROM pointer WHERE name = ANY(%b::text[]) ORDER BY name, seq DESC
"""
# Replicas may bring the same content at once; in order, so that they wait for each other one way round.
ADD_ARTIFACTS = """
    INSERT INTO artifact (digest, media_type, content)
    SELECT * FROM unnest(%b::text[], %b::text[], %b::bytea[]) AS new (digest, media_type, content) ORDER BY 1
    ON CONFLICT (digest) DO NOTHING
"""
# Two entries without a key are no repetition: theirs is null.
_WRITE = f"""
    WITH entries AS (
      INSERT INTO entry (seq, kind, subject, recorded_at, envelope, leaf_hash, key, payload_commitment)
      SELECT seq, kind, subject, recorded_at, envelope, leaf_hash, nullif(key, ''), payload_commitment
      FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::bytea[], %b::text[], %b::text[])
        AS new (seq, kind, subject, recorded_at, envelope, leaf_hash, key, payload_commitment)
      ORDER BY seq
    ), payloads AS (
      INSERT INTO payload (seq, salt, payload) SELECT * FROM unnest(%b::bigint[], %b::bytea[], %b::bytea[])
    ), moves AS (
      INSERT INTO pointer (name, seq, value) SELECT * FROM unnest(%b::text[], %b::bigint[], %b::text[])
    ), tiles AS (
      INSERT INTO tile (level, number, nodes) SELECT * FROM unnest(%b::int[], %b::bigint[], %b::bytea[])
    ), checkpoints AS (
      INSERT INTO checkpoint (size, note) SELECT * FROM unnest(%b::bigint[], %b::text[])
    ), artifacts AS (
      {ADD_ARTIFACTS}
    )
    INSERT INTO outcome (ticket, content) SELECT * FROM unnest(%b::uuid[], %b::text[])
"""  # noqa: S608 - names of this file


def begin(raw: Connection[Any], then: str, values: Sequence[Any]) -> tuple[int, Cursor[Any]]:
    """
    Begin a transaction that excludes other writers.

    Returns
    -------
    :
        The number of entries, and the cursor of the first statement of `then`.
    """
    cursor = ClientCursor(raw)
    cursor.execute(f"{_BEGIN}; {then}", values)
    for _ in range(2):
        cursor.nextset()
    row = cursor.fetchone()
    assert row is not None  # noqa: S101 - an aggregate always has a row
    cursor.nextset()
    return row[0], cursor


class KnownArtifacts:
    """
    Digests known to be stored: content is never deleted, so it need not be sent again.

    A digest counts from the moment its transaction is committed. Threads share it; what one forgets
    or learns twice costs a transfer and nothing else.
    """

    def __init__(self) -> None:
        self._digests: dict[str, None] = {}

    def unknown(self, artifacts: Iterable[Artifact]) -> list[Artifact]:
        """Return those to be sent, each once."""
        return list({a.digest: a for a in artifacts if a.digest not in self._digests}.values())

    def learn(self, artifacts: Iterable[Artifact]) -> None:
        """Remember what was committed."""
        if len(self._digests) > _MOST_KNOWN:
            self._digests = {}
        self._digests.update(dict.fromkeys(artifact.digest for artifact in artifacts))


def columns_of(artifacts: Sequence[Artifact]) -> tuple[Column, ...]:
    """Return the values that `ADD_ARTIFACTS` takes."""
    return (
        Texts(artifact.digest for artifact in artifacts),
        Texts(artifact.media_type for artifact in artifacts),
        Bytes(artifact.content for artifact in artifacts),
    )


class PostgresTransaction:
    """
    The log, held by one writer.

    Parameters
    ----------
    size
        Number of entries, read under the writers' lock.
    known
        What need not be sent.
    """

    def __init__(self, raw: Connection[Any], size: int, known: KnownArtifacts) -> None:
        self._raw = raw
        self._size = size
        self._known = known
        self._batch = Batch()

    def size(self) -> int:
        """Return the number of entries."""
        return self._size

    def by_keys(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        """Return the entries that hold these idempotency keys."""
        found = self._raw.execute(_BY_KEYS, (Texts(keys),), binary=True).fetchall()
        entries = (entry_of(Record._make(row)) for row in found)
        return {entry.key: entry for entry in entries}

    def pointer_values(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those pointers that are set."""
        found = self._raw.execute(_POINTERS, (Texts(names),)).fetchall()
        return {name: value for name, value in found if value is not None}

    def write(self, batch: Batch) -> None:
        """Add a batch."""
        self._batch = batch

    def settle(self, settled: Sequence[tuple[uuid.UUID, Outcome]]) -> list[Artifact]:
        """Send what was added, together with the outcomes it answers; return the content among it."""
        artifacts = self._known.unknown(self._batch.artifacts.values())
        tickets = Uuids(ticket for ticket, _ in settled)
        outcomes = Texts(write_outcome(outcome) for _, outcome in settled)
        self._raw.execute(_WRITE, (*_added(self._batch), *columns_of(artifacts), tickets, outcomes))
        return artifacts


def _added(batch: Batch) -> tuple[Column, ...]:
    """Return the values that `_WRITE` takes before the artifacts."""
    entries, sealed, moves, tiles = map(record_of, batch.entries), batch.sealed, batch.moves, batch.tiles
    seqs, kinds, subjects, times, envelopes, leaves, keys, commitments = [*zip(*entries, strict=True)] or [
        ()
    ] * 8
    checkpoints = [batch.checkpoint] if batch.checkpoint else []
    return (
        BigIntegers(seqs),
        *map(Texts, (kinds, subjects, times)),
        *map(Bytes, (envelopes, leaves)),
        *map(Texts, (keys, commitments)),
        BigIntegers(sealed),
        Bytes(one.salt for one in sealed.values()),
        Bytes(one.payload for one in sealed.values()),
        Texts(move.name for move in moves),
        BigIntegers(move.seq for move in moves),
        Texts(move.value for move in moves),
        Integers(tile.level for tile in tiles),
        BigIntegers(tile.number for tile in tiles),
        Bytes(tile.nodes for tile in tiles),
        BigIntegers(checkpoint.size for checkpoint in checkpoints),
        Texts(checkpoint.note for checkpoint in checkpoints),
    )
