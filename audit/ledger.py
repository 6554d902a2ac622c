"""
The ledger: append entries, read them, prove them.

`append` is the commit point: when it returns, the entry is durable and covered by a signed
checkpoint. The ledger knows entries and digests; what they mean is the caller's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from types import TracebackType
from typing import Self, cast

from audit import merkle
from audit.artifact import Artifact
from audit.awaiting import awaitable, submitted
from audit.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint, sign_checkpoint
from audit.entropy import random_bytes
from audit.entry import Appended, Entry, Record, Sealed, entry_of, format_time
from audit.errors import AuditError, LedgerClosedError, NoteError, NotInLedgerError
from audit.form import AnyNewEntry
from audit.note import SignsNotes
from audit.prepared import prepare
from audit.proof import TlogProof
from audit.rotation import announce
from audit.sequence import Clock, Request, Sequencing
from audit.store import LogReader, Store
from audit.tree import stored_nodes
from audit.writer import Answer, Appender, GroupWriter, Waiting

SALT = 16  # bytes
_SCAN = 1000  # entries read at a time
Testimony = tuple[Record, Sealed | None, tuple[bytes, ...]]  # an entry, its payload, its inclusion proof


class LedgerView:
    """
    A ledger for reading and proving; it takes no entries and needs no key.

    Parameters
    ----------
    store
        Where the log is kept.
    """

    def __init__(self, store: LogReader) -> None:
        self.store = store
        self._nodes = stored_nodes(store.size, store.tile, self._leaf)
        self._covered = 0  # a log only grows: sizes up to this need no second look

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.store.size()

    def get(self, seq: int) -> Entry:
        """
        Return an entry by its place.

        Raises
        ------
        NotInLedgerError
            If the log has no such place.
        """
        record = next(self.store.records(seq, seq + 1), None) if seq >= 0 else None
        if record is None:
            raise NotInLedgerError(f"entry {seq}")
        return entry_of(record)

    def find(self, key: str) -> Entry | None:
        """Return the entry that holds an idempotency key."""
        return self.store.by_keys((key,)).get(key)

    def find_all(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        """Return those entries that hold one of these idempotency keys, by key."""
        return self.store.by_keys(key for key in keys if "\x00" not in key)  # which no entry holds

    def by_subject(self, subject: str) -> tuple[Entry, ...]:
        """Return the entries of a subject, oldest first."""
        return self.store.by_subject(subject)

    def scan(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """Return entries in order; up to the present end if no other is given."""
        end = self.size if stop is None else min(stop, self.size)
        for first in range(start, end, _SCAN):
            yield from map(entry_of, self.store.records(first, min(first + _SCAN, end)))

    def records(self, start: int, stop: int) -> Iterator[Record]:
        """Return the entries start..stop in order, as they are stored: for those who read very many."""
        return self.store.records(start, stop)

    def records_at(self, places: Iterable[int]) -> Iterator[Record]:
        """Return the entries at these places, in the order of the log, as they are stored."""
        return self.store.records_at(places)

    def size_before(self, moment: datetime) -> int:
        """Return how many entries were recorded earlier than a moment."""
        return self.store.earlier(format_time(moment))

    def size_at(self, moment: datetime) -> int:
        """Return how many entries the log had at a moment, those of the same microsecond included."""
        return self.store.earlier(format_time(moment) + "~")  # sorts after all of that moment

    def payload(self, seq: int) -> bytes | None:
        """Return the payload of an entry, or nothing if it has none or it was erased."""
        found = next(self.store.sealed(seq, seq + 1), None)
        return found[1].payload if found else None

    def artifact(self, digest: str) -> Artifact:
        """
        Return the content with this digest.

        Raises
        ------
        NotInLedgerError
            If it is not kept here.
        """
        artifact = self.store.artifact(digest)
        if artifact is None:
            raise NotInLedgerError(f"artifact `{digest}`")
        return artifact

    def artifacts(self, digests: Iterable[str]) -> Mapping[str, Artifact]:
        """
        Return the contents with these digests, at one look.

        Raises
        ------
        NotInLedgerError
            If one is not kept here.
        """
        wanted = frozenset(digests)
        found = self.store.artifacts(wanted)
        if missing := wanted - found.keys():
            raise NotInLedgerError(f"artifact `{min(missing)}`")
        return found

    def pointer(self, name: str) -> str | None:
        """Return the value of a pointer, or nothing if it is unset."""
        return self.store.pointer_values((name,)).get(name)

    def pointers(self, prefix: str = "") -> Mapping[str, str]:
        """Return the pointers that are set and whose name starts so, by name."""
        return self.store.pointers(prefix)

    def checkpoint(self) -> SignedCheckpoint | None:
        """Return the last signed checkpoint; every durable entry is covered by one."""
        return self.store.last_checkpoint()

    def root(self, size: int) -> bytes:
        """Return the Merkle root over the first `size` entries."""
        return merkle.root(size, self._nodes)

    def prove_inclusion(self, seq: int, size: int) -> tuple[bytes, ...]:
        """Prove that the tree of `size` entries holds entry `seq`."""
        self._check_size(size)
        return merkle.prove_inclusion(seq, size, self._nodes)

    def prove_consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Prove that the log of `new` entries extends the log of `old`."""
        self._check_size(new)
        return merkle.prove_consistency(old, new, self._nodes)

    def notes(self, after: int, most: int) -> tuple[tuple[int, str], ...]:
        """Return checkpoints larger than `after` as size and note, smallest first, at most so many."""
        return self.store.notes(after, most)

    def evidence(self, places: Sequence[int], size: int) -> Iterator[Testimony]:
        """Return entries, in rising order, with their payloads and proofs that the tree of `size` holds them."""
        wanted = frozenset(places)
        for low, high in _spans(places):
            sealed = dict(self.store.sealed(low, high))
            for record in self.store.records(low, high):
                if record.seq in wanted:
                    yield record, sealed.get(record.seq), self.prove_inclusion(record.seq, size)

    def bundle(self, seq: int) -> TlogProof:
        """Return everything needed to check one entry offline: place, path and checkpoint."""
        last = self.checkpoint()
        if last is None or seq >= last.size:
            raise NotInLedgerError(f"entry {seq}")
        return TlogProof(seq, self.prove_inclusion(seq, last.size), last.note, self.get(seq).envelope)

    def _check_size(self, size: int) -> None:
        if size > self._covered:
            self._covered = self.size
        if size > self._covered:
            raise NotInLedgerError(f"entry {size - 1}")

    def _leaf(self, seq: int) -> bytes:
        for leaf in self.store.children(0, seq, seq + 1):
            return leaf
        raise NotInLedgerError(f"entry {seq}")


class Ledger(LedgerView):
    """
    A ledger that takes entries.

    Parameters
    ----------
    store
        Where the log is kept.
    signer
        Signs every checkpoint; its name is the log's origin.
    clock
        The present time, UTC.
    entropy
        Random bytes for the salt of payloads.
    appender
        The way into the log; by default a writer thread of this process.

    Raises
    ------
    VerificationError
        If what is stored is not what was signed last.
    """

    store: Store

    def __init__(
        self,
        store: Store,
        signer: SignsNotes,
        clock: Clock,
        *,
        entropy: Callable[[int], bytes] = random_bytes,
        appender: Callable[[Sequencing], Appender] | None = None,
    ) -> None:
        super().__init__(store)
        self.clock = clock
        self._entropy = entropy
        self._sequencing = Sequencing(store, (signer,), clock)
        self._appender = appender(self._sequencing) if appender else GroupWriter(self._sequencing.run)

    def append(self, new: AnyNewEntry) -> Appended:
        """
        Record one entry; durable when this returns.

        Raises
        ------
        KeyConflictError
            The key was used for another content.
        PointerMovedError
            A required pointer holds another value.
        StorageError
            The store could not write. It says whether the entry may be recorded all the same; the same
            key then finds out.
        """
        return self._submit((new,)).result()[0]

    def append_all(self, news: tuple[AnyNewEntry, ...]) -> tuple[Appended, ...]:
        """Record several entries, all of them or none; each sees what the earlier ones set."""
        if not news:
            return ()
        return self._submit(news).result()

    async def append_async(self, new: AnyNewEntry) -> Appended:
        """Record one entry as `append` does, without holding up the event loop."""
        # An outbox gathers what waits by itself, while the sequencer is away.
        if isinstance(self._appender, GroupWriter):
            answer = submitted((new,), self._hand_over)
        else:
            answer = awaitable(self._submit((new,)))
        appended: tuple[Appended, ...] = await answer
        return appended[0]

    def checkpoint(self) -> SignedCheckpoint:
        """Return the last signed checkpoint; that of an empty log is signed on the spot."""
        signers = self._sequencing.signers
        empty = Checkpoint(signers[0].name, 0, merkle.EMPTY_ROOT)
        return super().checkpoint() or sign_checkpoint(empty, signers)

    def rotate_key(self, successor: SignsNotes) -> Appended:
        """
        Hand the log over to another key under the same name.

        The log itself announces the new key, in an entry under a checkpoint that both keys sign; who
        trusts the old key can follow. From then on the new key signs alone. Replicas that share a log
        are stopped first, but for one: those with the old key cannot follow.

        Raises
        ------
        NoteError
            Another replica leads and signs with the old key, which goes on; nothing is lost.
        """
        signers = self._sequencing.signers
        if successor.name != signers[0].name:
            raise LedgerClosedError(f"`{successor.name}` cannot sign the log of `{signers[0].name}`")
        self._sequencing.signers = (*signers, successor)
        try:
            appended = self.append(announce(successor))
            self._check_signed_by(successor)
        except AuditError:
            self._sequencing.signers = signers
            raise
        self._sequencing.signers = (successor,)
        return appended

    def _check_signed_by(self, successor: SignsNotes) -> None:
        try:
            open_checkpoint(self.checkpoint().note, [successor.verifier])
        except NoteError as error:
            raise NoteError(
                "another replica signs, with the old key: stop all but one, then rotate"
            ) from error

    def close(self) -> None:
        """Finish what was submitted, then let go of the store."""
        self._appender.close()
        self.store.close()

    def __enter__(self) -> Self:
        """Use the ledger in a ``with`` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _submit(self, news: tuple[AnyNewEntry, ...]) -> Future[tuple[Appended, ...]]:
        return self._appender.submit(self._prepared(news))

    def _hand_over(self, waiting: Sequence[tuple[tuple[AnyNewEntry, ...], Answer]]) -> None:
        """Submit to the writer together; whatever is wrong with one of them is told to that one."""
        ready: list[Waiting] = []
        for news, answer in waiting:
            try:
                ready.append((self._prepared(news), answer))
            except Exception as error:  # noqa: BLE001 - it is the caller's, who waits for the answer
                answer.set_exception(error)
        try:
            cast("GroupWriter", self._appender).submit_all(ready)
        except LedgerClosedError as error:
            for _, answer in ready:
                answer.set_exception(error)

    def _prepared(self, news: tuple[AnyNewEntry, ...]) -> Request:
        return tuple([prepare(new, self._entropy(SALT) if new.payload else b"") for new in news])


def _spans(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ranges to read: what lies together is fetched together, what lies far apart one by one."""
    for first in range(0, len(places), _SCAN):
        some = places[first : first + _SCAN]
        if some[-1] - some[0] < 4 * len(some):
            yield some[0], some[-1] + 1
        else:
            yield from ((seq, seq + 1) for seq in some)
