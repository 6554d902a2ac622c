"""
Checkpoints: what a log signs about itself (C2SP tlog-checkpoint).

The signed text has three lines: the log's origin, the number of entries, the Merkle root in
base64. Whoever keeps a checkpoint can later prove whether the log still extends it.

References
----------
https://c2sp.org/tlog-checkpoint.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from audit.errors import NoteError
from audit.note import SignsNotes, Verifier, open_note, read_base64, sign_note, split_note


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """
    The head of a log.

    Parameters
    ----------
    origin
        Name of the log; also the name of the key that signs it.
    size
        Number of entries.
    root
        Merkle root over them, 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint and the note that carries its signatures."""

    checkpoint: Checkpoint
    note: str

    @property
    def size(self) -> int:
        """Number of entries it covers."""
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        """The Merkle root."""
        return self.checkpoint.root


def sign_checkpoint(checkpoint: Checkpoint, signers: Iterable[SignsNotes]) -> SignedCheckpoint:
    """Sign a checkpoint with one or, while keys rotate, several keys."""
    return SignedCheckpoint(checkpoint, sign_note(checkpoint.text, signers))


def read_checkpoint(note: str) -> SignedCheckpoint:
    """
    Read a checkpoint without verifying its signatures.

    Raises
    ------
    NoteError
        If the note is not a checkpoint.
    """
    text, _ = split_note(note)
    return SignedCheckpoint(_parse(text), note)


def open_checkpoint(note: str, verifiers: Iterable[Verifier]) -> tuple[Checkpoint, tuple[Verifier, ...]]:
    """
    Return a checkpoint and the known keys that signed it.

    Raises
    ------
    NoteError
        If it is malformed, unsigned by any known key, wrongly signed, or of another log.
    """
    text, signed = open_note(note, verifiers)
    checkpoint = _parse(text)
    if all(verifier.name != checkpoint.origin for verifier in signed):
        raise NoteError(
            f"a checkpoint of `{checkpoint.origin}`, signed by `{signed[0].name}`: it is another log's"
        )
    return checkpoint, signed


def _parse(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:3]):
        raise NoteError("not a checkpoint: origin, size and root are expected, a line each")
    origin, size, root = lines[:3]
    is_number = size.isascii() and size.isdigit() and (size == "0" or size[0] != "0") and len(size) < 19
    hash_bytes = read_base64(root)
    if not is_number or len(hash_bytes) != 32:
        raise NoteError("not a checkpoint: the size must be a number and the root a SHA-256")
    return Checkpoint(origin, int(size), hash_bytes)
