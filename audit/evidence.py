"""What there is to verify, live or exported, in pieces small enough to hold."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from audit.entry import Record, Sealed
from audit.errors import InvalidEntryError, NotInLedgerError
from audit.store import LogReader

_PIECE = 2000  # entries asked for at a time


@dataclass(frozen=True, slots=True)
class Piece:
    """
    Some consecutive entries and what hangs on them.

    Parameters
    ----------
    records
        May be read once, as it comes.
    paths
        Inclusion proofs that travel with the entries, by place; only exports have them.
    """

    records: Iterable[Record]
    sealed: Mapping[int, Sealed]
    paths: Mapping[int, tuple[bytes, ...]] = field(default_factory=dict)


class Evidence(Protocol):
    """A log as it was found."""

    @property
    def is_whole(self) -> bool:
        """Whether all entries are there, or a selection with proofs."""
        ...

    @property
    def faults(self) -> Iterable[str]:
        """What could not be read, known when the pieces have been."""
        ...

    def pieces(self) -> Iterator[Piece]:
        """Return the entries, in order."""
        ...

    def notes(self) -> Iterator[tuple[int, str]]:
        """Return the checkpoints as size and note, smallest first."""
        ...

    def last_note(self) -> str | None:
        """Return the checkpoint that inclusion proofs lead to."""
        ...

    def tile(self, level: int, number: int) -> bytes | None:
        """Return a stored tile; nothing if tiles are not part of the evidence, empty if it is missing."""
        ...

    def known_artifacts(self, digests: Iterable[str]) -> frozenset[str]:
        """Return those of the digests under which something is kept."""
        ...

    def false_artifacts(self) -> Iterator[str]:
        """Return the digests of artifacts whose content has another."""
        ...

    def pointers(self) -> Mapping[str, str] | None:
        """Return the pointers; nothing if they are not part of the evidence."""
        ...


class LiveEvidence:
    """The log in a store, as far as it reached when this was built; it may grow meanwhile."""

    is_whole = True
    faults: Iterable[str] = ()

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self._size = reader.size()

    def pieces(self) -> Iterator[Piece]:
        """Return the entries, in order."""
        for start in range(0, self._size, _PIECE):
            stop = min(start + _PIECE, self._size)
            yield Piece(self._reader.records(start, stop), dict(self._reader.sealed(start, stop)))

    def notes(self) -> Iterator[tuple[int, str]]:
        """Return the checkpoints as size and note, smallest first."""
        after = -1
        while found := self._reader.notes(after, _PIECE):
            for size, note in found:
                # A checkpoint beyond the entries is either of an entry that came meanwhile, or of one
                # that was cut off; the store tells which.
                if size <= self._size or size > self._reader.size():
                    yield size, note
            after = found[-1][0]

    def last_note(self) -> str | None:
        """Return nothing: a live log has a tree instead of proofs."""
        return None

    def tile(self, level: int, number: int) -> bytes | None:
        """Return a stored tile, empty if it is missing."""
        try:
            return self._reader.tile(level, number)
        except NotInLedgerError:
            return b""

    def known_artifacts(self, digests: Iterable[str]) -> frozenset[str]:
        """Return those of the digests under which something is kept."""
        return self._reader.known_artifacts(digests)

    def false_artifacts(self) -> Iterator[str]:
        """Return the digests of artifacts whose content has another."""
        after = ""
        while digests := self._reader.digests(after, _PIECE):
            for digest in digests:
                try:
                    self._reader.artifact(digest)
                except InvalidEntryError:
                    yield digest
            after = digests[-1]

    def pointers(self) -> Mapping[str, str] | None:
        """Return the pointers, unless the log grew while it was read."""
        return self._reader.pointers("") if self._reader.size() == self._size else None
