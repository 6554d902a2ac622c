"""
The keys of a log in a folder: today's, tomorrow's, and the public halves of earlier ones.

    signing.key        the private key that signs (a secret)
    signing.key.next   the key that is to follow, while a rotation is under way (a secret)
    earlier.keys       public keys that signed before, one a line, the oldest first

A rotation that is cut off anywhere is ended by rotating again: the next key is made first and kept, and whether the
log announced it already can be read there.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audit.errors import NoteError, VerificationError
from audit.note import Signer, Verifier, read_vkey
from audit.opening import create_signer, load_signer, open_ledger


@dataclass(frozen=True, slots=True)
class KeyRing:
    """
    The key files of one log.

    Parameters
    ----------
    folder
        Where they are; replicas of a log have copies.
    entropy
        Source of random bytes for new keys.
    """

    folder: Path
    entropy: Callable[[int], bytes] = os.urandom

    def signer(self, origin: str) -> Signer:
        """
        Return the key that signs; a new log, of this name, gets a new one.

        Raises
        ------
        NoteError
            The file holds no key.
        """
        return self._made(self._signing, origin)

    def earlier(self) -> tuple[Verifier, ...]:
        """
        Return the public keys that signed before, the oldest first.

        Raises
        ------
        NoteError
            The file holds something else.
        """
        if not self._earlier.exists():
            return ()
        lines = self._earlier.read_text(errors="replace").splitlines()
        return tuple(self._read(number, line) for number, line in enumerate(lines, 1))

    def rotate(self, url: str) -> Signer:
        """
        Hand the log at this address over to a new key; nobody else has it open meanwhile.

        Raises
        ------
        NoteError
            There is no key that could hand over, or another replica leads with it: stop it first.
        StorageError
            Another process holds the log, or a file cannot be written.
        """
        signer = load_signer(self._signing)
        successor = self._made(self._next, signer.name)
        if not _is_handed_over(url, successor):
            with open_ledger(url, signer) as ledger:
                ledger.rotate_key(successor)
        self._step(signer.verifier)
        return successor

    def _read(self, number: int, line: str) -> Verifier:
        try:
            return read_vkey(line)
        except NoteError:  # what it says repeats the line, which may be a secret put there by mistake
            raise NoteError(f"`{self._earlier}`, line {number}: not a public key `name+id+base64`") from None

    def _step(self, before: Verifier) -> None:
        """Remember the old key's public half, then let the next key take its place."""
        if before not in (earlier := self.earlier()):
            lines = "".join(f"{key.vkey}\n" for key in (*earlier, before))
            _replace(self._earlier, lines)
        self._next.replace(self._signing)

    def _made(self, path: Path, origin: str) -> Signer:
        return load_signer(path) if path.exists() else create_signer(path, origin, self.entropy)

    @property
    def _signing(self) -> Path:
        return self.folder / "signing.key"

    @property
    def _next(self) -> Path:
        return self.folder / "signing.key.next"

    @property
    def _earlier(self) -> Path:
        return self.folder / "earlier.keys"


def _is_handed_over(url: str, successor: Signer) -> bool:
    """Whether the log takes the next key already: a rotation was cut off, or nothing is signed yet."""
    try:
        with open_ledger(url, successor):
            return True
    except VerificationError:
        return False


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
