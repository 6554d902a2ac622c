"""
A witness: remembers the last checkpoint of a log and refuses one that does not extend it.

It needs one folder and no database. What it signs is that it saw this checkpoint at this time and
that it extends everything it saw before; so a log that was cut, restored from a backup or written
anew with the database's password is refused by whoever remembers more than its owner.

References
----------
https://c2sp.org/tlog-witness (`add_checkpoint`; the errors carry its HTTP codes),
https://c2sp.org/tlog-cosignature.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from audit.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint, read_checkpoint
from audit.errors import AuditError, NoteError, ProofError
from audit.merkle import verify_consistency
from audit.note import Cosigner, Verifier
from audit.sequence import Clock


class Refusal(IntEnum):
    """Why a witness does not sign, by the code C2SP gives it."""

    MALFORMED = 400
    NOT_SIGNED = 403
    UNKNOWN_LOG = 404
    CONFLICT = 409  # the size named as old is not the one remembered, or its root is another
    INCONSISTENT = 422


class WitnessRefusedError(AuditError):
    """
    The witness does not sign.

    Parameters
    ----------
    refusal
        Why.
    remembered
        Size of the last checkpoint the witness signed.
    """

    def __init__(self, refusal: Refusal, remembered: int, problem: str) -> None:
        super().__init__(f"the witness refuses: {problem}")
        self.refusal = refusal
        self.remembered = remembered


class ProvesConsistency(Protocol):
    """A log that a witness can follow; a `LedgerView` is one."""

    def checkpoint(self) -> SignedCheckpoint | None:
        """Return the last checkpoint."""
        ...

    def prove_consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Prove that the log of `new` entries extends the log of `old`."""
        ...


class Witness:
    """
    One witness with its folder.

    Parameters
    ----------
    folder
        Where it remembers, one file a log; nobody who can write the log should be able to write here.
    cosigner
        Its key.
    keys
        Public keys of the logs it follows; the name is the origin.
    clock
        The present time, which goes into what it signs.
    """

    def __init__(self, folder: Path, cosigner: Cosigner, keys: Iterable[Verifier], clock: Clock) -> None:
        self._folder = folder
        self._cosigner = cosigner
        self._keys = tuple(keys)
        self._clock = clock

    def remembered(self, origin: str) -> SignedCheckpoint | None:
        """Return the last checkpoint this witness signed for a log, its own signature included."""
        try:
            return read_checkpoint(self._path(origin).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def add_checkpoint(self, old: int, proof: tuple[bytes, ...], note: str) -> str:
        """
        Check a checkpoint against the last one, remember it, and return the cosignature line.

        Parameters
        ----------
        old
            Size of the checkpoint that the witness is believed to remember; 0 if none.
        proof
            Consistency proof from `old` to the new size.

        Raises
        ------
        WitnessRefusedError
            If the checkpoint is not the log's, or does not extend what the witness remembers.
        """
        checkpoint = self._read(note)
        with self._held(checkpoint.origin):
            self._check(old, proof, checkpoint)
            line = self._cosigner.cosignature_line(checkpoint.text, _whole_second(self._clock()))
            self._remember(checkpoint.origin, note + line)
        return line

    def observe(self, log: ProvesConsistency) -> SignedCheckpoint:
        """Ask a log for its checkpoint and a proof; return the checkpoint with the cosignature."""
        last = log.checkpoint()
        if last is None:
            raise WitnessRefusedError(Refusal.NOT_SIGNED, 0, "the log has no checkpoint")
        before = self.remembered(self._read(last.note).origin)
        old = before.size if before else 0
        if last.size < old:
            raise WitnessRefusedError(
                Refusal.CONFLICT, old, f"the log has {last.size} entries; it once had {old}"
            )
        line = self.add_checkpoint(old, log.prove_consistency(old, last.size), last.note)
        return SignedCheckpoint(last.checkpoint, last.note + line)

    def _read(self, note: str) -> Checkpoint:
        try:
            origin = read_checkpoint(note).checkpoint.origin
        except NoteError as error:
            raise WitnessRefusedError(Refusal.MALFORMED, 0, str(error)) from error
        keys = [key for key in self._keys if key.name == origin]
        if not keys:
            raise WitnessRefusedError(Refusal.UNKNOWN_LOG, 0, f"`{origin}` is not a log it follows")
        try:
            return open_checkpoint(note, keys)[0]
        except NoteError as error:
            raise WitnessRefusedError(Refusal.NOT_SIGNED, 0, str(error)) from error

    def _check(self, old: int, proof: tuple[bytes, ...], checkpoint: Checkpoint) -> None:
        before = self.remembered(checkpoint.origin)
        size = before.size if before else 0
        if old > checkpoint.size:
            raise WitnessRefusedError(
                Refusal.MALFORMED, size, f"{old} entries cannot become {checkpoint.size}"
            )
        if old != size:
            raise WitnessRefusedError(Refusal.CONFLICT, size, f"it remembers {size} entries, not {old}")
        if before is None:
            return
        if size == checkpoint.size and before.root != checkpoint.root:
            raise WitnessRefusedError(Refusal.CONFLICT, size, f"it remembers another log of {size} entries")
        try:
            verify_consistency(size, checkpoint.size, before.root, checkpoint.root, proof)
        except ProofError as error:
            raise WitnessRefusedError(Refusal.INCONSISTENT, size, str(error)) from error

    def _remember(self, origin: str, note: str) -> None:
        """Replace the file in one step, and only return when it is on the disk."""
        path = self._path(origin)
        draft = path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _held(self, origin: str) -> Iterator[None]:
        """One check at a time, across processes: comparing and remembering are one step."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._path(origin).with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.checkpoint"


def _whole_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
