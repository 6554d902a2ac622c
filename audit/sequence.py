"""
Where requests become entries: one at a time, in order, inside one transaction a batch.

Each request is judged against the state that the earlier ones left, those of its own batch
included. A repeated key answers with the first entry; a key with another content, or a pointer that
moved, refuses that request alone. A request of several entries is taken whole or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from audit.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint, sign_checkpoint
from audit.entry import Appended, Entry, read_time
from audit.errors import AuditError, KeyConflictError, NoteError, PointerMovedError, VerificationError
from audit.note import SignsNotes
from audit.prepared import Prepared
from audit.rotation import is_handed_over
from audit.store import Batch, LogReader, Move, Standing, Store, TakenError
from audit.tree import Growth, restore

Clock = Callable[[], datetime]
Request = tuple[Prepared, ...]
Outcome = tuple[Appended, ...] | AuditError
MOST_POINTERS = 10_000  # remembered, 2 MB


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
        self._is_sure = True  # whether the last batch was as it usually is: all of it new, none refused

    def forget(self) -> None:
        """Read the head again before the next batch: somebody else may have led, or a commit may be lost."""
        self._head = None

    def run(self, requests: Sequence[Request]) -> list[Outcome]:
        """Judge the requests and commit what they add; when this returns, it is durable."""
        sitting = self._presumed(requests)
        if sitting is None:
            with self._store.begin() as transaction:
                sitting = self.judge(transaction, requests)
                if sitting.batch.entries:
                    transaction.write(sitting.batch)
        self.advance(sitting)
        return sitting.outcomes

    def _presumed(self, requests: Sequence[Request]) -> "Sitting | None":
        """Commit what is presumed; nothing is kept where that was mistaken."""
        if sitting := self.presume(requests):
            try:
                with self._store.begin() as transaction:
                    transaction.write(sitting.batch)
            except TakenError:
                return None
        return sitting

    def presume(self, requests: Sequence[Request]) -> "Sitting | None":
        """
        Judge by what this process left behind, unless that cannot be relied on; nothing is written.

        Nearly always nobody else wrote meanwhile and every key is new, so looking costs more than it
        tells. Where it is otherwise the store does not take the batch: its first place is taken, or a
        key is, for no pointer moves without an entry. Who is to be refused is judged by the log itself.
        """
        names = {name for request in requests for prepared in request for name in prepared.new.requires}
        if not self._is_sure or self._head is None or not self._head.pointers.keys() >= names:
            return None
        sitting = self._sit({}, self._head, requests)
        return sitting if sitting.is_all_new else None

    def judge(self, standing: Standing, requests: Sequence[Request]) -> "Sitting":
        """Judge the requests against a log that nobody else writes meanwhile; nothing is written."""
        news = [prepared.new for request in requests for prepared in request]
        names = {name for new in news for name in new.requires}
        looked = standing.look({new.key for new in news if new.key}, names)
        if self._head is None or looked.size != self._head.growth.size:  # somebody else wrote
            self._head = _Head(self._store, self.signers)
        self._head.learn({name: looked.pointers.get(name) for name in names})
        return self._sit(looked.entries, self._head, requests)

    def advance(self, sitting: "Sitting") -> None:
        """Go on from where a sitting ended: what it added is durable."""
        self._is_sure = sitting.is_all_new
        if sitting.batch.entries:
            self._head = sitting.head_after()

    def _sit(self, taken: Mapping[str, Entry], head: "_Head", requests: Sequence[Request]) -> "Sitting":
        sitting = Sitting(taken, head, self._clock())
        sitting.outcomes = [sitting.judge(request) for request in requests]
        if sitting.batch.entries:
            growth = sitting.close()
            checkpoint = Checkpoint(self.signers[0].name, growth.size, growth.root())
            sitting.batch.checkpoint = sign_checkpoint(checkpoint, self.signers)
        return sitting


class _Head:
    """The right edge of the tree, the time of the last entry, and what is known of pointers; unset ones are ``None``."""

    growth: Growth
    recorded_at: datetime | None
    pointers: dict[str, str | None]

    def __init__(self, reader: LogReader, signers: tuple[SignsNotes, ...]) -> None:
        last = _check_covered(reader)
        size = last.size if last else 0
        self.growth = restore(size, reader.children)
        self.recorded_at = read_time(next(reader.records(size - 1, size)).recorded_at) if size else None
        self.pointers = {}
        if last:
            _check_signed(last, self.growth, signers)

    @classmethod
    def at(cls, growth: Growth, recorded_at: datetime, pointers: dict[str, str | None]) -> "_Head":
        head = cls.__new__(cls)
        head.growth, head.recorded_at, head.pointers = growth, recorded_at, pointers
        return head

    def learn(self, pointers: Mapping[str, str | None]) -> None:
        """Remember what these pointers hold at this head."""
        if len(self.pointers) + len(pointers) > MOST_POINTERS:
            self.pointers.clear()  # those in use are soon looked up again
        self.pointers.update(pointers)


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


class Sitting:
    """
    One batch in the making, and what becomes of each request.

    Parameters
    ----------
    taken
        Entries that hold keys of these requests, by key.
    head
        Where the log stands; left as it is.
    """

    def __init__(self, taken: Mapping[str, Entry], head: _Head, now: datetime) -> None:
        self.batch = Batch()
        self.outcomes: list[Outcome] = []
        self.is_all_new = True  # whether nobody was refused, and nothing recorded before
        self._head = head
        self._size = head.growth.size
        self._growth = head.growth
        # A clock that went back must not reorder the log: time stands still until it caught up.
        self._recorded_at = max(now, head.recorded_at) if head.recorded_at else now
        self._keys = dict(taken)
        self._moved: dict[str, str | None] = {}
        self._accepted: list[Prepared] = []  # of the batch's entries, each

    def judge(self, request: Request) -> Outcome:
        """Take a request whole, or say why not."""
        try:
            if len(request) == 1:  # nothing to come back to: it is refused before it leaves a trace
                return (self._place(request[0]),)
            return self._place_all(request)
        except AuditError as refusal:
            self.is_all_new = False
            return refusal

    def _place_all(self, request: Request) -> tuple[Appended, ...]:
        count, moves = len(self._accepted), len(self.batch.moves)
        before = self._keys.copy(), self._moved.copy()
        try:
            return tuple(map(self._place, request))
        except AuditError:
            self._keys, self._moved = before
            del self._accepted[count:], self.batch.entries[count:], self.batch.moves[moves:]
            raise

    def _place(self, prepared: Prepared) -> Appended:
        new = prepared.new
        if new.key and (earlier := self._keys.get(new.key)):
            if earlier.header.key_digest != new.key_digest:
                raise KeyConflictError(new.key, earlier.seq)
            self.is_all_new = False
            return Appended(earlier, is_repeat=True)
        for name, expected in new.requires.items():
            actual = self._moved[name] if name in self._moved else self._head.pointers[name]
            if actual != expected:
                raise PointerMovedError(name, expected, actual)
        entry = prepared.at(self._size + len(self._accepted), self._recorded_at)
        self._accepted.append(prepared)
        self.batch.entries.append(entry)
        if new.sets:
            self._moved.update(new.sets)
            self.batch.moves.extend(Move(name, entry.seq, value) for name, value in new.sets.items())
        if new.key:
            self._keys[new.key] = entry
        return Appended(entry)

    def close(self) -> Growth:
        """Gather what the accepted requests bring along; return the tree with them in it."""
        batch, self._growth = self.batch, self._head.growth.copy()
        batch.tiles.extend(self._growth.extend(entry.leaf_hash for entry in batch.entries))
        for prepared, entry in zip(self._accepted, batch.entries, strict=True):
            for artifact in prepared.new.artifacts:
                batch.artifacts[artifact.digest] = artifact
            if prepared.sealed:
                batch.sealed[entry.seq] = prepared.sealed
        return self._growth

    def head_after(self) -> _Head:
        """Where the log stands once the batch is durable."""
        head = _Head.at(self._growth, self._recorded_at, self._head.pointers)
        head.learn(self._moved)
        return head
