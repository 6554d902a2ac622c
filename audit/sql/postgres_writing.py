"""
Writing to PostgreSQL with few round trips.

At hundreds of batches a second, a batch is mostly waiting for replies. So everything that it adds,
the outcomes it answers and the requests it settles are one statement, and that statement is the
whole transaction: every table takes its rows column by column. Nothing is locked meanwhile. Who leads
judges requests against the log as it left it, and if it was mistaken (an entry that somebody else
wrote, a key that is taken) the statement is refused as a whole: the next place, the key and the
ticket can each be taken once.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation

from audit.artifact import Artifact
from audit.entry import Entry, Record, entry_of, record_of
from audit.sequence import Outcome
from audit.sql.columns import BigIntegers, Bytes, Column, Integers, Texts, Uuids, register
from audit.sql.statement import Statement
from audit.sql.wire import write_outcome
from audit.store import Batch, Looked, TakenError

COLUMNS = "e.seq, e.kind, e.subject, e.recorded_at, e.envelope, e.leaf_hash, coalesce(e.key, ''), e.payload_commitment"
_BY_KEYS = f"SELECT {COLUMNS} FROM entry e WHERE e.key = ANY(%b::text[])"  # noqa: S608 - names of this file
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
WRITE = f"""
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
    ), outcomes AS (
      INSERT INTO outcome (ticket, content) SELECT * FROM unnest(%b::uuid[], %b::text[]) RETURNING ticket
    )
    SELECT ledger_forget(tickets)
    FROM (SELECT array_agg(ticket) AS tickets FROM outcomes WHERE ticket = ANY(%b::uuid[])) AS written
    WHERE tickets IS NOT NULL
"""  # noqa: S608 - names of this file
_ONE_KEY = "entry_key_key"  # the constraint that a repeated key breaks


def prepare_session(raw: Connection[Any]) -> None:
    """
    Ready a connection for what is sent often.

    The outbox and its outcomes fill and empty within seconds, which no statistics follow: a plan made
    while they were empty would read them whole ever after. Every statement here goes by an index.
    """
    raw.autocommit = True
    register(raw)
    raw.execute("SET enable_seqscan = off")


def columns_of(artifacts: Sequence[Artifact]) -> tuple[Column, ...]:
    """Return the values that `ADD_ARTIFACTS` takes."""
    return (
        Texts(artifact.digest for artifact in artifacts),
        Texts(artifact.media_type for artifact in artifacts),
        Bytes(artifact.content for artifact in artifacts),
    )


class PostgresStanding:
    """
    What a batch is judged against.

    Parameters
    ----------
    size
        Number of entries, as its only writer knows it.
    """

    def __init__(self, raw: Connection[Any], size: int) -> None:
        self._raw = raw
        self._size = size

    def look(self, keys: Iterable[str], names: Iterable[str]) -> Looked:
        """Return what there is to know of these pointers, and of these keys."""
        return Looked(self._size, self._by_keys(keys), self._pointer_values(names))

    def _by_keys(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        wanted = list(keys)
        if not wanted:
            return {}
        found = self._raw.execute(_BY_KEYS, (Texts(wanted),), binary=True).fetchall()
        entries = (entry_of(Record._make(row)) for row in found)
        return {entry.key: entry for entry in entries}

    def _pointer_values(self, names: Iterable[str]) -> Mapping[str, str]:
        wanted = list(names)
        if not wanted:
            return {}
        found = self._raw.execute(_POINTERS, (Texts(wanted),)).fetchall()
        return {name: value for name, value in found if value is not None}


def commit(
    write: Statement,
    batch: Batch,
    artifacts: Sequence[Artifact],
    settled: Sequence[tuple[uuid.UUID, Outcome]],
    outbox: Iterable[uuid.UUID] = (),
) -> None:
    """
    Make a batch durable, with the outcomes it answers; the outbox forgets those of its tickets.

    Parameters
    ----------
    write
        `WRITE`, prepared in the session of whoever leads.

    Raises
    ------
    TakenError
        An entry's key is in the log already; nothing was written.
    """
    tickets = Uuids(ticket for ticket, _ in settled)
    outcomes = Texts(write_outcome(outcome) for _, outcome in settled)
    values = (*_added(batch), *columns_of(artifacts), tickets, outcomes, Uuids(outbox))
    try:
        write.run(values)
    except UniqueViolation as error:
        if error.diag.constraint_name == _ONE_KEY:
            raise TakenError(str(error)) from error
        raise


def _added(batch: Batch) -> tuple[Column, ...]:
    """Return the values that `WRITE` takes before the artifacts."""
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
