"""
Where requests become entries: one at a time, in order, inside one transaction a batch.

Each request is judged against the state that the earlier ones left, those of its own batch
included. A repeated key answers with the first entry; a key with another content, or a pointer that
moved, refuses that request alone. A request of several entries is taken whole or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from audit.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from audit.entry import Appended, Entry, Prepared, read_time
from audit.errors import AuditError, KeyConflictError, NoteError, PointerMovedError, VerificationError
from audit.note import SignsNotes
from audit.store import Batch, LogReader, Move, Store, Transaction
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
        with store.begin():  # nobody may write between the reading of size, tree and checkpoint
            self._head: _Head | None = _Head(store, signers)

    def forget(self) -> None:
        """Read the head again before the next batch: somebody else may have led, or a commit may be lost."""
        self._head = None

    def run(self, requests: Sequence[Request]) -> list[Outcome]:
        """Judge the requests and commit what they add; when this returns, it is durable."""
        with self._store.begin() as transaction:
            return self.run_within(transaction, requests)

    def run_within(self, transaction: Transaction, requests: Sequence[Request]) -> list[Outcome]:
        """Judge the requests and write what they add into a transaction that the caller commits."""
        if (
            self._head is None or transaction.size() != self._head.growth.size
        ):  # another process wrote, or a commit failed
            self._head = _Head(self._store, self.signers)
        sitting = _Sitting.open(transaction, requests, self._head, self._clock())
        outcomes = [sitting.judge(request) for request in requests]
        if sitting.batch.entries:
            self._sign(sitting)
            transaction.write(sitting.batch)
            self._head = _Head.at(sitting.growth, sitting.batch.entries[-1].recorded_at)
        return outcomes

    def _sign(self, sitting: "_Sitting") -> None:
        checkpoint = Checkpoint(self.signers[0].name, sitting.growth.size, sitting.growth.root())
        sitting.batch.checkpoint = sign_checkpoint(checkpoint, self.signers)


class _Head:
    """The right edge of the tree and the time of the last entry."""

    growth: Growth
    recorded_at: datetime | None

    def __init__(self, reader: LogReader, signers: tuple[SignsNotes, ...]) -> None:
        size = reader.size()
        self.growth = restore(size, reader.children)
        self.recorded_at = read_time(next(reader.records(size - 1, size)).recorded_at) if size else None
        _check_head(reader, self.growth, signers)

    @classmethod
    def at(cls, growth: Growth, recorded_at: datetime) -> "_Head":
        head = cls.__new__(cls)
        head.growth, head.recorded_at = growth, recorded_at
        return head


def _check_head(reader: LogReader, growth: Growth, signers: tuple[SignsNotes, ...]) -> None:
    """Fail closed: what is stored must be what was signed last."""
    last = reader.last_checkpoint()
    if last is None and growth.size == 0:
        return
    if last is None or (last.size, last.root) != (growth.size, growth.root()):
        signed = last.size if last else 0
        raise VerificationError(8, f"{growth.size} entries are stored, and not what was signed at {signed}")
    try:
        open_checkpoint(last.note, [signer.verifier for signer in signers])
    except NoteError as error:
        raise VerificationError(9, f"the last checkpoint: {error}") from error


@dataclass(slots=True)
class _Draft:
    """What one request would add; kept apart until the whole request is accepted."""

    entries: list[tuple[Prepared, Entry]] = field(default_factory=list)
    keys: dict[str, Entry] = field(default_factory=dict)
    pointers: dict[str, str | None] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)


@dataclass(slots=True)
class _Sitting:
    """One batch in the making."""

    keys: dict[str, Entry]
    pointers: dict[str, str | None]
    growth: Growth
    recorded_at: datetime
    batch: Batch = field(default_factory=Batch)

    @classmethod
    def open(
        cls, transaction: Transaction, requests: Sequence[Request], head: _Head, now: datetime
    ) -> "_Sitting":
        news = [prepared.new for request in requests for prepared in request]
        keys = {new.key for new in news if new.key}
        names = {name for new in news for name in new.requires}
        # A clock that went back must not reorder the log: time stands still until it caught up.
        recorded_at = max(now, head.recorded_at) if head.recorded_at else now
        known: Mapping[str, Entry] = transaction.by_keys(keys) if keys else {}
        values: Mapping[str, str] = transaction.pointer_values(names) if names else {}
        return cls(dict(known), dict(values), head.growth.copy(), recorded_at)

    def judge(self, request: Request) -> Outcome:
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
