"""
A log in a database, read with SQLAlchemy Core, not the ORM, which costs five times as much a row.

Reads let go of their connection when they are through; whoever wants the whole log asks piece by
piece. Entries are written by `sqlite_writing` and `postgres_writing`, in statements of their own.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Engine, Table, bindparam, delete, func, insert, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from audit.artifact import Artifact
from audit.checkpoint import SignedCheckpoint, read_checkpoint
from audit.entry import Entry, Record, Sealed, entry_of
from audit.errors import AuditError, NotInLedgerError, SchemaError, StorageError
from audit.sql import sqlite_writing
from audit.sql.known import KnownArtifacts
from audit.sql.tables import (
    ArtifactRow,
    CheckpointRow,
    EntryRow,
    ErasureRow,
    LedgerTable,
    PayloadRow,
    PointerRow,
    TileRow,
)
from audit.tree import HASH

T = TypeVar("T")
LOST = "it may still be recorded: ask again with the same key"
_MOST_VALUES = 500  # values in one IN list, well below every database's limit


def _table(model: Any) -> Table:
    table: Table = LedgerTable.metadata.tables[model.__tablename__]
    return table


_ENTRY, _PAYLOAD, _ERASURE = _table(EntryRow), _table(PayloadRow), _table(ErasureRow)
_ARTIFACT, _POINTER, _TILE, _CHECKPOINT = map(_table, (ArtifactRow, PointerRow, TileRow, CheckpointRow))
# What Record._make does, but for a look at the length.
_RECORD: Callable[[tuple[Any, ...]], Record] = partial(tuple.__new__, Record)
_LAST = 2**63 - 1  # what an integer column holds
_COLUMNS = (
    _ENTRY.c.seq,
    _ENTRY.c.kind,
    _ENTRY.c.subject,
    _ENTRY.c.recorded_at,
    _ENTRY.c.envelope,
    _ENTRY.c.leaf_hash,
    func.coalesce(_ENTRY.c.key, ""),
    _ENTRY.c.payload_commitment,
)

# Said once: putting a statement together costs more than running it.
_SIZE = select(func.max(_ENTRY.c.seq))
_BY_KEYS = select(*_COLUMNS).where(_ENTRY.c.key.in_(bindparam("keys", expanding=True)))
_BY_SUBJECT = select(*_COLUMNS).where(_ENTRY.c.subject == bindparam("subject")).order_by(_ENTRY.c.seq)
_RECORDS = (
    select(*_COLUMNS)
    .where(_ENTRY.c.seq >= bindparam("start"), _ENTRY.c.seq < bindparam("stop"))
    .order_by(_ENTRY.c.seq)
)
_RECORDS_AT = (
    select(*_COLUMNS).where(_ENTRY.c.seq.in_(bindparam("places", expanding=True))).order_by(_ENTRY.c.seq)
)
_EARLIER = text(  # times never decrease: the place is found by halving, at one look
    """
    WITH RECURSIVE half (low, high) AS (
        SELECT CAST(0 AS BIGINT), (SELECT CAST(coalesce(max(seq) + 1, 0) AS BIGINT) FROM entry)
        UNION ALL
        SELECT CASE WHEN recorded_at < :moment THEN seq + 1 ELSE low END,
               CASE WHEN recorded_at < :moment THEN high ELSE seq END
        FROM half JOIN entry ON seq = (low + high) / 2
        WHERE low < high
    )
    SELECT max(low) FROM half
    """
)
_SEALED = (
    select(_PAYLOAD.c.seq, _PAYLOAD.c.salt, _PAYLOAD.c.payload)
    .where(_PAYLOAD.c.seq >= bindparam("start"), _PAYLOAD.c.seq < bindparam("stop"))
    .order_by(_PAYLOAD.c.seq)
)
_CONTENTS = select(_ARTIFACT.c.digest, _ARTIFACT.c.media_type, _ARTIFACT.c.content)
_CONTENT = _CONTENTS.where(_ARTIFACT.c.digest == bindparam("digest"))
_SOME_CONTENTS = _CONTENTS.where(_ARTIFACT.c.digest.in_(bindparam("digests", expanding=True)))
_KNOWN = select(_ARTIFACT.c.digest).where(_ARTIFACT.c.digest.in_(bindparam("digests", expanding=True)))
_LATER = _POINTER.alias()
_POINTED = (  # the latest move of each pointer
    select(_POINTER.c.name, _POINTER.c.value)
    .where(
        _POINTER.c.seq
        == select(func.max(_LATER.c.seq)).where(_LATER.c.name == _POINTER.c.name).scalar_subquery()
    )
    .order_by(_POINTER.c.name)
)
_POINTED_NAMES = _POINTED.where(_POINTER.c.name.in_(bindparam("names", expanding=True)))


class SqlStore:
    """
    The log in a database whose tables exist.

    Parameters
    ----------
    writing
        Engine whose transactions exclude each other.
    reading
        Engine for everything else; may be the same.

    Raises
    ------
    SchemaError
        If the tables are missing.
    """

    def __init__(self, writing: Engine, reading: Engine) -> None:
        self._writing = writing
        self._reading = reading
        self._known = KnownArtifacts()
        self.size()  # fails here, not at the first decision, when the tables are missing

    def size(self) -> int:
        """Return the number of entries."""
        with self._read() as connection:
            return _size(connection)

    def records(self, start: int, stop: int) -> Iterator[Record]:
        """Return the entries start..stop in order, as they are stored, unjudged."""
        stop = min(stop, _LAST)  # who asks for the place _LAST ends one beyond it
        with self._read() as connection:
            # Plain tuples, one at a time: a verification reads millions. Rows with names cost it half
            # again, and thousands held at once a fifth, which goes to the collector of cycles.
            rows: Any = connection.execute(_RECORDS, {"start": start, "stop": stop}).cursor
            yield from map(_RECORD, rows)

    def records_at(self, places: Iterable[int]) -> Iterator[Record]:
        """Return the entries at these places, in the order of the log, as they are stored, unjudged."""
        with self._read() as connection:
            for some in _pieces(sorted(places)):
                rows: Any = connection.execute(_RECORDS_AT, {"places": some}).cursor
                yield from map(_RECORD, rows)

    def earlier(self, moment: str) -> int:
        """Return how many entries have a time that, as text, is less than this one."""
        with self._read() as connection:
            return int(connection.execute(_EARLIER, {"moment": moment}).scalar_one())

    def by_keys(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        """Return the entries that hold these idempotency keys."""
        with self._read() as connection:
            return _by_keys(connection, keys)

    def by_subject(self, subject: str) -> tuple[Entry, ...]:
        """Return the entries of a subject, oldest first."""
        return tuple(map(_read_entry, self._all(_BY_SUBJECT, subject=subject)))

    def sealed(self, start: int, stop: int) -> Iterator[tuple[int, Sealed]]:
        """Return the payloads of the entries start..stop that still have one."""
        with self._read() as connection:
            rows: Any = connection.execute(_SEALED, {"start": start, "stop": stop}).cursor
            for seq, salt, payload in rows:
                yield seq, Sealed(salt, payload)

    def artifact(self, digest: str) -> Artifact | None:
        """
        Return the content with this digest.

        Raises
        ------
        InvalidEntryError
            If the stored content no longer has it.
        """
        found = self._all(_CONTENT, digest=digest)
        return Artifact(*found[0]) if found else None

    def artifacts(self, digests: Iterable[str]) -> Mapping[str, Artifact]:
        """
        Return those contents that are kept, by digest.

        Raises
        ------
        InvalidEntryError
            If a stored content no longer has its digest.
        """
        rows = (row for some in _pieces(digests) for row in self._all(_SOME_CONTENTS, digests=some))
        return {row[0]: Artifact(*row) for row in rows}

    def digests(self, after: str, most: int) -> tuple[str, ...]:
        """Return the digests of artifacts in order, at most so many, from the one after `after`."""
        digest = _ARTIFACT.c.digest
        return tuple(self._column(select(digest).where(digest > after).order_by(digest).limit(most)))

    def known_artifacts(self, digests: Iterable[str]) -> frozenset[str]:
        """Return those of the digests under which something is kept."""
        with self._read() as connection:
            return frozenset(_known_artifacts(connection, digests))

    def pointers(self, prefix: str) -> Mapping[str, str]:
        """Return the pointers that are set and whose name starts so."""
        within = [_POINTER.c.name >= prefix]
        if prefix:
            within.append(_POINTER.c.name < prefix[:-1] + chr(ord(prefix[-1]) + 1))
        return _set_only(self._all(_POINTED.where(*within)))

    def pointer_values(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those pointers that are set."""
        with self._read() as connection:
            return _named_pointers(connection, names)

    def children(self, level: int, start: int, stop: int) -> Iterable[bytes]:
        """Return the nodes that tiles of a level stand on."""
        if level == 0:
            row = _ENTRY.c
            wanted = select(row.leaf_hash).where(row.seq >= start, row.seq < stop).order_by(row.seq)
            return self._column(wanted)
        tile = _TILE.c
        within = (tile.level == level - 1, tile.number >= start, tile.number < stop)
        return [
            nodes[-HASH:] for (nodes,) in self._all(select(tile.nodes).where(*within).order_by(tile.number))
        ]

    def tile(self, level: int, number: int) -> bytes:
        """Return the nodes of a complete tile."""
        found = self._all(select(_TILE.c.nodes).where(_TILE.c.level == level, _TILE.c.number == number))
        if not found:
            raise NotInLedgerError(f"tile {number} of level {level}")
        nodes: bytes = found[0][0]
        return nodes

    def notes(self, after: int, most: int) -> tuple[tuple[int, str], ...]:
        """Return checkpoints larger than `after` as size and note, smallest first, at most so many."""
        row = _CHECKPOINT.c
        wanted = select(row.size, row.note).where(row.size > after).order_by(row.size).limit(most)
        return tuple((size, note) for size, note in self._all(wanted))

    def last_checkpoint(self) -> SignedCheckpoint | None:
        """Return the largest checkpoint."""
        found = self._all(select(_CHECKPOINT.c.note).order_by(_CHECKPOINT.c.size.desc()).limit(1))
        return read_checkpoint(found[0][0]) if found else None

    @contextmanager
    def begin(self) -> Iterator[sqlite_writing.SqliteTransaction]:
        """
        Hold the log; commit on a normal exit, undo on an exception.

        Of SQLite only: entries reach PostgreSQL through the outbox.
        """
        with translated(writes=True), sqlite_writing.begin(self._writing, self._known) as transaction:
            yield transaction

    def erase(self, seq: int, reason: int) -> None:
        """Delete the payload and salt of an entry, named by the entry that gives the reason."""
        with translated(writes=True), self._writing.begin() as connection:
            if (
                connection.dialect.name == "postgresql"
            ):  # the service's role may not delete; this function may
                connection.execute(select(func.ledger_erase(seq, reason)))
            else:
                connection.execute(insert(_ERASURE), [{"seq": seq, "reason": reason}])
                connection.execute(delete(_PAYLOAD).where(_PAYLOAD.c.seq == seq))
        if self._writing.dialect.name == "sqlite":
            self._leave_no_residue()

    def _leave_no_residue(self) -> None:
        """Empty the write-ahead log, where the erased bytes still stand; outside any transaction."""
        with translated():
            connection = self._writing.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                connection.close()

    def close(self) -> None:
        """Let go of connections and files."""
        self._writing.dispose()
        self._reading.dispose()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with translated(), self._reading.connect() as connection:
            yield connection

    def _column(self, wanted: Any) -> Sequence[Any]:
        with self._read() as connection:
            return connection.execute(wanted).scalars().all()

    def _all(self, wanted: Any, **values: Any) -> Sequence[Any]:
        with self._read() as connection:
            return connection.execute(wanted, values).all()


@contextmanager
def translated(*, writes: bool = False) -> Iterator[None]:
    """
    Speak of the store's failures in the ledger's words.

    Parameters
    ----------
    writes
        Whether something was to be kept; then what became of it is said, too.
    """
    try:
        yield
    except DatabaseError as error:
        raise _refused(str(error.orig), writes=writes, is_lost=error.connection_invalidated) from error
    except sqlite3.DatabaseError as error:
        raise _refused(str(error), writes=writes) from error
    except SQLAlchemyError as error:
        fate = "; nothing was written" if writes else ""
        raise StorageError(f"the store cannot be reached: {error}{fate}") from error


def _refused(text: str, *, writes: bool, is_lost: bool = False) -> AuditError:
    """
    Speak of what the database said, and of what became of a transaction that failed.

    A refusal undoes it. But whoever loses the connection (or sees the disk fail) while committing does
    not know: the commit may stand.
    """
    if "no such table" in text or ("relation" in text and "does not exist" in text):
        return SchemaError("the database has no ledger tables; run `decisionctl db upgrade`")
    is_unknown = is_lost or "disk I/O error" in text
    fate = f"; {LOST}" if is_unknown else "; nothing of this batch was kept"
    return StorageError(f"the store refused: {text.strip()}{fate if writes else ''}")


def _size(connection: Connection) -> int:
    last = connection.execute(_SIZE).scalar()
    return 0 if last is None else int(last) + 1


def _by_keys(connection: Connection, keys: Iterable[str]) -> dict[str, Entry]:
    found = {}
    for some in _pieces(keys):
        for entry in map(_read_entry, connection.execute(_BY_KEYS, {"keys": some})):
            found[entry.key] = entry
    return found


def _known_artifacts(connection: Connection, digests: Iterable[str]) -> set[str]:
    known: set[str] = set()
    for some in _pieces(digests):
        known.update(connection.execute(_KNOWN, {"digests": some}).scalars())
    return known


def _named_pointers(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for some in _pieces(names):
        values |= _set_only(connection.execute(_POINTED_NAMES, {"names": some}))
    return values


def _set_only(rows: Iterable[Any]) -> dict[str, str]:
    """Values of pointers, those unset left out."""
    return {name: value for name, value in rows if value is not None}


def _pieces(values: Iterable[T]) -> Iterator[list[T]]:
    everything = list(values)
    for start in range(0, len(everything), _MOST_VALUES):
        yield everything[start : start + _MOST_VALUES]


def _read_entry(row: Any) -> Entry:
    return entry_of(Record._make(row))
