"""
Where requests become entries: one at a time, in order, inside one transaction a batch.

Each request is judged against the state that the earlier ones left, those of its own batch
included. A repeated key answers with the first entry; a key with another content, or a pointer that
moved, refuses that request alone. A request of several entries is taken whole or not at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from audit.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint, sign_checkpoint
from audit.entry import Appended, Entry, Prepared, read_time
from audit.errors import AuditError, KeyConflictError, NoteError, PointerMovedError, VerificationError
from audit.note import SignsNotes
from audit.rotation import is_handed_over
from audit.store import Batch, LogReader, Looked, Move, Standing, Store
from audit.tree import Growth, restore

Clock = Callable[[], datetime]
Request = tuple[Prepared, ...]
Outcome = tuple[Appended, ...] | AuditError


class Sequencing:
    """
    The head of the log in memory, and the signing of every batch.

    Parameters
    ----------
    signers
        Keys that sign checkpoints: one, or two while keys rotate.
    """

    def __init__(self, store: Store, signers: tuple[SignsNotes, ...], clock: Clock) -> None:
        self.signers = signers
        self._store = store
        self._clock = clock
        self._head: _Head | None = _Head(store, signers)

    def forget(self) -> None:
        """Read the head again before the next batch: somebody else may have led, or a commit may be lost."""
        self._head = None

    def run(self, requests: Sequence[Request]) -> list[Outcome]:
        """Judge the requests and commit what they add; when this returns, it is durable."""
        with self._store.begin() as transaction:
            sitting = self.judge(transaction, requests)
            if sitting.batch.entries:
                transaction.write(sitting.batch)
        self.advance(sitting)
        return sitting.outcomes

    def judge(self, standing: Standing, requests: Sequence[Request]) -> "Sitting":
        """Judge the requests against a log that nobody else writes meanwhile; nothing is written."""
        news = [prepared.new for request in requests for prepared in request]
        looked = standing.look(
            {new.key for new in news if new.key}, {name for new in news for name in new.requires}
        )
        if self._head is None or looked.size != self._head.growth.size:  # somebody else wrote
            self._head = _Head(self._store, self.signers)
        sitting = Sitting.open(looked, self._head, self._clock())
        sitting.outcomes = [sitting.judge(request) for request in requests]
        if sitting.batch.entries:
            self._sign(sitting)
        return sitting

    def advance(self, sitting: "Sitting") -> None:
        """Go on from where a sitting ended: what it added is durable."""
        if sitting.batch.entries:
            self._head = _Head.at(sitting.growth, sitting.batch.entries[-1].recorded_at)

    def _sign(self, sitting: "Sitting") -> None:
        checkpoint = Checkpoint(self.signers[0].name, sitting.growth.size, sitting.growth.root())
        sitting.batch.checkpoint = sign_checkpoint(checkpoint, self.signers)


class _Head:
    """The right edge of the tree and the time of the last entry."""

    growth: Growth
    recorded_at: datetime | None

    def __init__(self, reader: LogReader, signers: tuple[SignsNotes, ...]) -> None:
        last = _check_covered(reader)
        size = last.size if last else 0
        self.growth = restore(size, reader.children)
        self.recorded_at = read_time(next(reader.records(size - 1, size)).recorded_at) if size else None
        if last:
            _check_signed(last, self.growth, signers)

    @classmethod
    def at(cls, growth: Growth, recorded_at: datetime) -> "_Head":
        head = cls.__new__(cls)
        head.growth, head.recorded_at = growth, recorded_at
        return head


def _check_covered(reader: LogReader) -> SignedCheckpoint | None:
    """
    Return the last checkpoint, which covers every entry that is stored, and no more.

    The log may grow meanwhile: read in this order, its size before, the checkpoint, and its size
    after can then only rise. Entries and their checkpoint are committed together.
    """
    before, last, after = reader.size(), reader.last_checkpoint(), reader.size()
    signed = last.size if last else 0
    if not before <= signed <= after:
        raise VerificationError(8, f"{after} entries are stored, and {signed} were signed last")
    return last


def _check_signed(last: SignedCheckpoint, growth: Growth, signers: tuple[SignsNotes, ...]) -> None:
    """Fail closed: what is stored must be what was signed last."""
    if last.root != growth.root():
        raise VerificationError(8, f"the {growth.size} entries stored are not what was signed")
    keys = [signer.verifier for signer in signers]
    try:
        open_checkpoint(last.note, keys)
    except NoteError as error:
        raise VerificationError(9, f"the last checkpoint: {error}") from error
    if is_handed_over(last.note, keys):
        raise VerificationError(9, "the log was handed over to another key; sign with that one")


@dataclass(slots=True)
class _Draft:
    """What one request would add; kept apart until the whole request is accepted."""

    entries: list[tuple[Prepared, Entry]] = field(default_factory=list)
    keys: dict[str, Entry] = field(default_factory=dict)
    pointers: dict[str, str | None] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)


@dataclass(slots=True)
class Sitting:
    """One batch in the making, and what becomes of each request."""

    keys: dict[str, Entry]
    pointers: dict[str, str | None]
    growth: Growth
    recorded_at: datetime
    batch: Batch = field(default_factory=Batch)
    outcomes: list[Outcome] = field(default_factory=list)

    @classmethod
    def open(cls, looked: Looked, head: _Head, now: datetime) -> "Sitting":
        """Begin with what there is."""
        # A clock that went back must not reorder the log: time stands still until it caught up.
        recorded_at = max(now, head.recorded_at) if head.recorded_at else now
        return cls(dict(looked.entries), dict(looked.pointers), head.growth.copy(), recorded_at)

    def judge(self, request: Request) -> Outcome:
        """Take a request whole, or say why not."""
        draft = _Draft()
        try:
            appended = tuple(self._place(prepared, draft) for prepared in request)
        except AuditError as refusal:
            return refusal
        self._take(draft)
        return appended

    def _place(self, prepared: Prepared, draft: _Draft) -> Appended:
        new = prepared.new
        if new.key and (earlier := draft.keys.get(new.key) or self.keys.get(new.key)):
            if earlier.header.key_digest != new.key_digest:
                raise KeyConflictError(new.key, earlier.seq)
            return Appended(earlier, is_repeat=True)
        for name, expected in new.requires.items():
            actual = draft.pointers[name] if name in draft.pointers else self.pointers.get(name)
            if actual != expected:
                raise PointerMovedError(name, expected, actual)
        entry = prepared.at(self.growth.size + len(draft.entries), self.recorded_at)
        draft.entries.append((prepared, entry))
        draft.pointers.update(new.sets)
        draft.moves.extend(Move(name, entry.seq, value) for name, value in new.sets.items())
        if new.key:
            draft.keys[new.key] = entry
        return Appended(entry)

    def _take(self, draft: _Draft) -> None:
        """Accept a whole request."""
        self.keys.update(draft.keys)
        self.pointers.update(draft.pointers)
        self.batch.moves.extend(draft.moves)
        for prepared, entry in draft.entries:
            self.batch.entries.append(entry)
            self.batch.tiles.extend(self.growth.add(entry.leaf_hash))
            self.batch.artifacts.update((artifact.digest, artifact) for artifact in prepared.new.artifacts)
            if prepared.sealed:
                self.batch.sealed[entry.seq] = prepared.sealed
