"""
What a ledger needs from a store, and the store that lives in memory.

Reads may come from any thread. Writes go through `begin`, which lets one writer in at a time and
makes everything written durable when it is left, or nothing of it.
"""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from audit.artifact import Artifact
from audit.checkpoint import SignedCheckpoint
from audit.entry import Entry, Record, Sealed, format_time, record_of
from audit.errors import NotInLedgerError, StorageError
from audit.tree import HASH, Tile


class Move(NamedTuple):
    """A pointer takes a value with an entry; ``None`` unsets it."""

    name: str
    seq: int
    value: str | None


@dataclass(slots=True)
class Batch:
    """Everything one transaction adds to the log."""

    entries: list[Entry] = field(default_factory=list)
    sealed: dict[int, Sealed] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)
    checkpoint: SignedCheckpoint | None = None


class Looked(NamedTuple):
    """
    What a batch of requests is judged by.

    Parameters
    ----------
    size
        Number of entries.
    entries
        Those that hold a key that was looked for, by key.
    pointers
        Values of those pointers that were looked for and are set.
    """

    size: int
    entries: Mapping[str, Entry]
    pointers: Mapping[str, str]


class TakenError(StorageError):
    """A place or a key of the batch is taken; nothing of it was kept, and it has to be judged anew."""


class Standing(Protocol):
    """What requests are judged against: the log as its only writer sees it."""

    def look(self, keys: Iterable[str], names: Iterable[str]) -> Looked:
        """Return what there is to know of these idempotency keys and pointers."""
        ...


class Transaction(Standing, Protocol):
    """What a writer sees while it holds the log."""

    def write(self, batch: Batch) -> None:
        """
        Add a batch.

        Raises
        ------
        TakenError
            Its first place is not the next one, or a key is in the log already.
        """
        ...


class LogReader(Protocol):
    """What a reader sees: everything committed so far."""

    def size(self) -> int:
        """Return the number of entries."""
        ...

    def records(self, start: int, stop: int) -> Iterator[Record]:
        """Return the entries start..stop in order, as they are stored, unjudged."""
        ...

    def records_at(self, places: Iterable[int]) -> Iterator[Record]:
        """Return the entries at these places, in the order of the log, as they are stored, unjudged."""
        ...

    def earlier(self, moment: str) -> int:
        """Return how many entries have a time that, as text, is less than this one."""
        ...

    def by_keys(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        """Return the entries that hold these idempotency keys."""
        ...

    def by_subject(self, subject: str) -> tuple[Entry, ...]:
        """Return the entries of a subject, oldest first."""
        ...

    def sealed(self, start: int, stop: int) -> Iterator[tuple[int, Sealed]]:
        """Return the payloads of the entries start..stop that still have one."""
        ...

    def artifact(self, digest: str) -> Artifact | None:
        """Return the content with this digest; refuse content that no longer has it."""
        ...

    def artifacts(self, digests: Iterable[str]) -> Mapping[str, Artifact]:
        """Return those contents that are kept, by digest; refuse content that no longer has its digest."""
        ...

    def digests(self, after: str, most: int) -> tuple[str, ...]:
        """Return the digests of artifacts in order, at most so many, from the one after `after`."""
        ...

    def known_artifacts(self, digests: Iterable[str]) -> frozenset[str]:
        """Return those of the digests under which something is kept."""
        ...

    def pointers(self, prefix: str) -> Mapping[str, str]:
        """Return the pointers that are set and whose name starts so."""
        ...

    def pointer_values(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those pointers that are set."""
        ...

    def children(self, level: int, start: int, stop: int) -> Iterable[bytes]:
        """Return the nodes that tiles of a level stand on: leaf hashes, or tops of the level below."""
        ...

    def tile(self, level: int, number: int) -> bytes:
        """Return the nodes of a complete tile."""
        ...

    def notes(self, after: int, most: int) -> tuple[tuple[int, str], ...]:
        """Return checkpoints larger than `after` as size and note, smallest first, at most so many."""
        ...

    def last_checkpoint(self) -> SignedCheckpoint | None:
        """Return the largest checkpoint."""
        ...


class Store(LogReader, Protocol):
    """A log that can be read and written."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """Hold the log; commit on a normal exit, undo on an exception."""
        ...

    def erase(self, seq: int, reason: int) -> None:
        """Delete the payload and salt of an entry, named by the entry that gives the reason."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


@dataclass(slots=True)
class _Contents:
    entries: list[Entry] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    sealed: dict[int, Sealed] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    pointers: dict[str, str] = field(default_factory=dict)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    checkpoints: list[SignedCheckpoint] = field(default_factory=list)
    erased: dict[int, int] = field(default_factory=dict)


class MemoryStore:
    """A log that lives as long as its process: for tests, what-if runs and demonstrations."""

    def __init__(self) -> None:
        self._held = threading.RLock()
        self._contents = _Contents()

    def size(self) -> int:
        """Return the number of entries."""
        return len(self._contents.entries)

    def records(self, start: int, stop: int) -> Iterator[Record]:
        """Return the entries start..stop in order."""
        return map(record_of, self._contents.entries[start:stop])

    def records_at(self, places: Iterable[int]) -> Iterator[Record]:
        """Return the entries at these places, in the order of the log."""
        size = self.size()
        return (record_of(self._contents.entries[place]) for place in sorted(places) if place < size)

    def earlier(self, moment: str) -> int:
        """Return how many entries have a time that, as text, is less than this one."""
        return bisect_left(self._contents.entries, moment, key=lambda entry: format_time(entry.recorded_at))

    def by_keys(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        """Return the entries that hold these idempotency keys."""
        known = self._contents.keys
        return {key: self._contents.entries[known[key]] for key in keys if key in known}

    def by_subject(self, subject: str) -> tuple[Entry, ...]:
        """Return the entries of a subject, oldest first."""
        return tuple(entry for entry in self._contents.entries if entry.subject == subject)

    def sealed(self, start: int, stop: int) -> Iterator[tuple[int, Sealed]]:
        """Return the payloads of the entries start..stop that still have one."""
        found = self._contents.sealed
        return ((seq, found[seq]) for seq in range(start, min(stop, self.size())) if seq in found)

    def artifact(self, digest: str) -> Artifact | None:
        """Return the content with this digest."""
        return self._contents.artifacts.get(digest)

    def artifacts(self, digests: Iterable[str]) -> Mapping[str, Artifact]:
        """Return those contents that are kept, by digest."""
        known = self._contents.artifacts
        return {digest: known[digest] for digest in digests if digest in known}

    def digests(self, after: str, most: int) -> tuple[str, ...]:
        """Return the digests of artifacts in order, at most so many, from the one after `after`."""
        return tuple(sorted(digest for digest in self._contents.artifacts if digest > after))[:most]

    def known_artifacts(self, digests: Iterable[str]) -> frozenset[str]:
        """Return those of the digests under which something is kept."""
        return frozenset(self._contents.artifacts) & frozenset(digests)

    def pointers(self, prefix: str) -> Mapping[str, str]:
        """Return the pointers that are set and whose name starts so."""
        with self._held:
            held = sorted(self._contents.pointers.items())
        return {name: value for name, value in held if name.startswith(prefix)}

    def pointer_values(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those pointers that are set."""
        held = self._contents.pointers
        return {name: held[name] for name in names if name in held}

    def children(self, level: int, start: int, stop: int) -> Iterable[bytes]:
        """Return the nodes that tiles of a level stand on."""
        if level == 0:
            return [entry.leaf_hash for entry in self._contents.entries[start:stop]]
        return [self._contents.tiles[level - 1, number][-HASH:] for number in range(start, stop)]

    def tile(self, level: int, number: int) -> bytes:
        """Return the nodes of a complete tile."""
        try:
            return self._contents.tiles[level, number]
        except KeyError:
            raise NotInLedgerError(f"tile {number} of level {level}") from None

    def notes(self, after: int, most: int) -> tuple[tuple[int, str], ...]:
        """Return checkpoints larger than `after` as size and note, smallest first, at most so many."""
        held = self._contents.checkpoints
        start = bisect_right(held, after, key=lambda checkpoint: checkpoint.size)
        return tuple((checkpoint.size, checkpoint.note) for checkpoint in held[start : start + most])

    def last_checkpoint(self) -> SignedCheckpoint | None:
        """Return the largest checkpoint."""
        return self._contents.checkpoints[-1] if self._contents.checkpoints else None

    @contextmanager
    def begin(self) -> Iterator["MemoryStore"]:
        """Hold the log; there is nothing to undo, because `write` comes last and takes a batch or leaves it."""
        with self._held:
            yield self

    def look(self, keys: Iterable[str], names: Iterable[str]) -> Looked:
        """Return what there is to know of these idempotency keys and pointers."""
        wanted = list(names)
        return Looked(self.size(), self.by_keys(keys), self.pointer_values(wanted) if wanted else {})

    def write(self, batch: Batch) -> None:
        """Add a batch."""
        contents = self._contents
        if batch.entries[0].seq != self.size() or any(entry.key in contents.keys for entry in batch.entries):
            raise TakenError("nothing of this batch was kept")
        contents.sealed.update(batch.sealed)
        contents.artifacts.update(batch.artifacts)
        contents.tiles.update({(tile.level, tile.number): tile.nodes for tile in batch.tiles})
        contents.keys.update({entry.key: entry.seq for entry in batch.entries if entry.key})
        contents.entries.extend(batch.entries)
        for move in batch.moves:
            if move.value is None:
                contents.pointers.pop(move.name, None)
            else:
                contents.pointers[move.name] = move.value
        if batch.checkpoint:
            contents.checkpoints.append(batch.checkpoint)

    def erase(self, seq: int, reason: int) -> None:
        """Delete the payload and salt of an entry."""
        with self._held:
            self._contents.sealed.pop(seq, None)
            self._contents.erased[seq] = reason

    def close(self) -> None:
        """Nothing to let go of."""
