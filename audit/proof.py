"""
A proof that fits into an e-mail: one entry's place, its audit path and a signed checkpoint.

Text form (C2SP tlog-proof, version 1)::

    c2sp.org/tlog-proof@v1
    extra <base64>                       only if there is something to add
    index <place>
    <base64 hash>, one a line, from the leaf upwards
    <empty line>
    <checkpoint>

References
----------
https://c2sp.org/tlog-proof.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from audit.checkpoint import Checkpoint, open_checkpoint
from audit.errors import NoteError
from audit.merkle import leaf_hash, verify_inclusion
from audit.note import Verifier, read_base64

_TITLE = "c2sp.org/tlog-proof@v1"
_LONGEST = 63  # hashes; a tree cannot be higher


@dataclass(frozen=True, slots=True)
class TlogProof:
    """
    What proves one entry offline.

    Parameters
    ----------
    index
        The entry's place.
    path
        Hashes from the leaf upwards.
    checkpoint
        A signed note.
    extra
        What travels along; here the envelope that is proven, so that one file is enough.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    @property
    def text(self) -> str:
        """The proof as the text of a `.tlog-proof` file."""
        extra = [f"extra {base64.b64encode(self.extra).decode()}"] if self.extra else []
        path = [base64.b64encode(step).decode() for step in self.path]
        lines = [_TITLE, *extra, f"index {self.index}", *path]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    def verify(self, envelope: bytes, verifiers: Iterable[Verifier]) -> Checkpoint:
        """
        Return the checkpoint that covers the envelope.

        Raises
        ------
        NoteError
            If no key we trust signed the checkpoint.
        ProofError
            If the envelope is not the entry at that place of the signed tree.
        """
        checkpoint, _ = open_checkpoint(self.checkpoint, verifiers)
        verify_inclusion(leaf_hash(envelope), self.index, checkpoint.size, self.path, checkpoint.root)
        return checkpoint


def read_proof(text: str) -> TlogProof:
    """
    Read a `.tlog-proof` file.

    Raises
    ------
    NoteError
        If it is not one.
    """
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != _TITLE or not separator:
        raise NoteError(f"not a proof: it starts with `{_TITLE}` and ends with a checkpoint")
    has_extra = len(lines) > 1 and lines[1].startswith("extra ")
    extra = read_base64(lines[1].removeprefix("extra ")) if has_extra else b""
    rest = lines[2:] if has_extra else lines[1:]
    place = rest[0].removeprefix("index ") if rest else ""
    path = tuple(read_base64(line) for line in rest[1:])
    if not (place.isascii() and place.isdigit() and len(place) < 19) or len(path) > _LONGEST:
        raise NoteError("not a proof: `index <number>` and at most 63 hashes are expected")
    if any(len(step) != 32 for step in path):
        raise NoteError("not a proof: a hash is not 32 bytes")
    return TlogProof(int(place), path, checkpoint, extra)
