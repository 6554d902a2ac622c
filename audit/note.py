"""
Signed notes (C2SP signed-note) with Ed25519 keys.

A note is text, an empty line, and one signature line per signer::

    — <key name> base64(key id || signature)

Public keys travel as *vkeys*, ``name+<key id in hex>+base64(type || public key)``; private keys in
the matching form that Go's sumdb tools use, ``PRIVATE+KEY+name+<key id>+base64(type || seed)``.

References
----------
https://c2sp.org/signed-note, https://c2sp.org/tlog-cosignature (signature type 4).
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import NoteError

ED25519, COSIGNATURE = b"\x01", b"\x04"  # signature types assigned by C2SP
_MOST_SIGNATURES = 64
_LONGEST_NOTE = 100_000  # characters; a checkpoint with 64 signatures is a tenth of it
_PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True)
class Verifier:
    """
    A public key somebody trusts.

    Parameters
    ----------
    name
        Whose it is: the origin of a log, or a witness.
    public
        The 32 bytes of an Ed25519 public key.
    kind
        `ED25519` for a log's signatures, `COSIGNATURE` for a witness's.
    """

    name: str
    public: bytes
    kind: bytes = ED25519

    @cached_property
    def key_id(self) -> bytes:
        """Four bytes that a signature names its key by."""
        return hashlib.sha256(f"{self.name}\n".encode() + self.kind + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text, to be handed to those who verify."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self.kind + self.public).decode()}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether this key made the signature over the text."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            moment, signature = int.from_bytes(signature[:8]), signature[8:]
            message = _cosigned(text, moment)
        try:
            _public_key(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """
    A private key under a name.

    Parameters
    ----------
    name
        The origin of the log; non-empty, without spaces and plus signs.
    seed
        The 32 bytes of an Ed25519 private key.
    """

    name: str
    seed: bytes

    def __post_init__(self) -> None:
        """Refuse a name that a note could not carry."""
        _check_key_name(self.name)

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self._key.public_key().public_bytes_raw())

    @property
    def private_text(self) -> str:
        """The key as text, for a file that only its owner can read."""
        blob = base64.b64encode(ED25519 + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{blob}"

    def signature_line(self, text: str) -> str:
        """Return the line that signs a note's text."""
        return _line(self.verifier, self._key.sign(text.encode()))


@dataclass(frozen=True)
class Cosigner(Signer):
    """A witness's key: signs that it saw a checkpoint, and when."""

    @cached_property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self._key.public_key().public_bytes_raw(), COSIGNATURE)

    def cosignature_line(self, text: str, moment: datetime) -> str:
        """Return the line that cosigns a checkpoint's text at a time."""
        seconds = int(moment.timestamp())
        signature = self._key.sign(_cosigned(text, seconds))
        return _line(self.verifier, seconds.to_bytes(8) + signature)


class SignsNotes(Protocol):
    """Whatever can add its signature line: a `Signer`, or a key kept in other hardware."""

    @property
    def name(self) -> str: ...  # noqa: D102 - see Signer
    @property
    def verifier(self) -> Verifier: ...  # noqa: D102
    def signature_line(self, text: str) -> str: ...  # noqa: D102


def sign_note(text: str, signers: Iterable[SignsNotes]) -> str:
    """Return the text with the signature lines of all signers."""
    return text + "\n" + "".join(signer.signature_line(text) for signer in signers)


def open_note(note: str, verifiers: Iterable[Verifier]) -> tuple[str, tuple[Verifier, ...]]:
    """
    Return a note's text and the known keys that signed it.

    Raises
    ------
    NoteError
        If the note is malformed, no known key signed it, or a known key's signature is wrong.
    """
    text, lines = split_note(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    signed = []
    for name, key_id, signature in lines:
        verifier = known.get((name, key_id))
        if verifier is None:
            continue  # C2SP: signatures of unknown keys are ignored
        if not verifier.verifies(text, signature):
            raise NoteError(f"the signature of `{name}` does not fit the text")
        signed.append(verifier)
    if not signed:
        names = ", ".join(f"`{name}` ({key_id.hex()})" for name, key_id, _ in lines)
        raise NoteError(f"no key we were given signed this note; it is signed by {names}")
    return text, tuple(signed)


def split_note(note: str) -> tuple[str, tuple[tuple[str, bytes, bytes], ...]]:
    """
    Return a note's text and its signatures as (key name, key id, signature), unverified.

    Raises
    ------
    NoteError
        If it is not a note.
    """
    text, separator, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if len(note) > _LONGEST_NOTE or not separator or lines[-1] or len(lines) == 1:
        raise NoteError("not a signed note: text, an empty line and signature lines are expected")
    if len(lines) - 1 > _MOST_SIGNATURES or any(character < " " and character != "\n" for character in note):
        raise NoteError("not a signed note: too many signatures, or control characters")
    return text + "\n", tuple(_read_line(line) for line in lines[:-1])


def read_vkey(text: str) -> Verifier:
    """
    Read a public key.

    Raises
    ------
    NoteError
        If it is not a vkey of an Ed25519 key, or its key id does not match.
    """
    name, key_id, blob = _split_key(text.strip(), "a public key `name+id+base64`")
    if blob[:1] not in (ED25519, COSIGNATURE) or len(blob) != 33:
        raise NoteError(f"key `{name}` is not an Ed25519 key")
    _check_key_name(name)
    verifier = Verifier(name, blob[1:], blob[:1])
    if verifier.key_id.hex() != key_id:
        raise NoteError(f"key `{name}`: the id {key_id} is not that of the key; copy it again")
    return verifier


def read_private_key(text: str) -> Signer:
    """
    Read a private key.

    Raises
    ------
    NoteError
        If it is not an Ed25519 private key in note form.
    """
    stripped = text.strip()
    if not stripped.startswith(_PRIVATE):
        raise NoteError(f"not a private key: it starts with `{_PRIVATE}`")
    name, _, blob = _split_key(stripped.removeprefix(_PRIVATE), "a private key")
    if blob[:1] != ED25519 or len(blob) != 33:
        raise NoteError(f"private key `{name}` is not an Ed25519 key")
    return Signer(name, blob[1:])


@lru_cache(maxsize=64)
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _line(verifier: Verifier, signature: bytes) -> str:
    return f"\N{EM DASH} {verifier.name} {base64.b64encode(verifier.key_id + signature).decode()}\n"


def _read_line(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\N{EM DASH}" or not parts[1]:
        raise NoteError(f"not a signature line: `{line[:80]}`")
    blob = read_base64(parts[2])
    if len(blob) < 5:
        raise NoteError(f"the signature of `{parts[1]}` is cut short")
    return parts[1], blob[:4], blob[4:]


def read_base64(text: str) -> bytes:
    """
    Read standard base64.

    Raises
    ------
    NoteError
        If it is anything else.
    """
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"`{text[:80]}` is not base64") from error
    if base64.b64encode(blob).decode() != text:  # unused bits are set: the same bytes, another text
        raise NoteError(f"`{text[:80]}` is not the base64 that its bytes have")
    return blob


def _split_key(text: str, what: str) -> tuple[str, str, bytes]:
    name, plus, rest = text.partition("+")
    key_id, second_plus, blob = rest.partition("+")
    if not (plus and second_plus):
        raise NoteError(f"`{text[:80]}` is not {what}")
    return name, key_id, read_base64(blob)


def _check_key_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise NoteError(f"key name `{name}`: it must not be empty nor hold spaces or `+`")
