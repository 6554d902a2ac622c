"""
Entries: what is asked to be recorded, and what then stands in the log.

The leaf of the Merkle tree is the *envelope*: canonical JSON of the caller's mapping with one more
key, ``entry``, that the ledger fills in: the entry's place, kind, subject, time, idempotency key,
artifacts, pointer moves and the commitment to its payload. Every column of the store is a copy of
something in these bytes, so a copy that was tampered with contradicts them.

The *payload* is kept apart and salted: the envelope holds SHA-256(salt || payload), so the payload
can be erased while the log still verifies, and what it said cannot be guessed from its hash.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import orjson

from audit.artifact import Artifact
from audit.canonical import plain
from audit.envelope import HEADER, Pieces, cut
from audit.errors import CanonicalError, InvalidEntryError

LONGEST_NAME = 1000  # characters of a kind, subject, key or pointer name
_NOTHING: Mapping[str, str | None] = MappingProxyType({})


class NewEntry(msgspec.Struct, frozen=True):
    """
    What someone asks to record.

    Parameters
    ----------
    kind
        What happened, for example ``decision.v1``.
    subject
        What it happened to; entries of one subject are found together.
    envelope
        The facts to record: plain values, no personal data. The key ``entry`` is the ledger's.
    payload
        What may have to be erased one day; empty for none.
    artifacts
        Content the entry refers to, kept by digest.
    key, key_digest
        Idempotency key and digest of what was asked. The same pair again returns the first entry.
    requires
        Pointers that must hold exactly these values at the moment of the append; ``None`` is unset.
    sets
        Pointers that move with this entry, in the same transaction; ``None`` unsets.
    retention
        Name of the retention class the payload falls under.
    """

    kind: str
    subject: str
    envelope: Mapping[str, Any]
    payload: bytes = b""
    artifacts: tuple[Artifact, ...] = ()
    key: str = ""
    key_digest: str = ""
    requires: Mapping[str, str | None] = _NOTHING
    sets: Mapping[str, str | None] = _NOTHING
    retention: str = "default"

    def __post_init__(self) -> None:
        """Refuse what could not be stored."""
        if not (self.kind and self.subject and self.retention):
            empty = next(name for name in ("kind", "subject", "retention") if not getattr(self, name))
            raise InvalidEntryError(empty, "is empty", "name it")
        if HEADER in self.envelope:
            raise InvalidEntryError(f"envelope.{HEADER}", "is the ledger's own key", "rename yours")
        types = [artifact.media_type for artifact in self.artifacts]
        texts = [self.kind, self.subject, self.key, self.key_digest, self.retention, *types]
        texts += self.requires
        texts += self.sets
        texts += filter(None, self.requires.values())
        texts += filter(None, self.sets.values())
        if not are_plain(texts):
            self._check_each(types)

    def _check_each(self, media_types: list[str]) -> None:
        """Something is unusual: look at one text after the other."""
        check_name("kind", self.kind)
        check_name("subject", self.subject)
        check_name("key", self.key)
        check_name("key_digest", self.key_digest)
        check_name("retention", self.retention)
        for pointers in (self.requires, self.sets):
            for pointer, value in pointers.items():
                check_name("pointer", pointer)
                _check_text(f"pointer `{pointer}`", value or "")
        for media_type in media_types:
            check_name("artifact.media_type", media_type)

    def pieces(self, commitment: str) -> Pieces:
        """
        Return its envelope but for time and place; with the commitment to its payload, if it has one.

        Raises
        ------
        CanonicalError
            If it has no canonical form; the field is a path inside it.
        """
        header: dict[str, Any] = {"kind": self.kind, "subject": self.subject}
        if self.key:
            header["key"], header["key_digest"] = self.key, self.key_digest
        if commitment:
            header["payload"] = commitment
        if self.artifacts:
            header["artifacts"] = [artifact.digest for artifact in self.artifacts]
        if self.requires:
            header["requires"] = sorted(self.requires.items())  # names differ: values are not compared
        if self.sets:
            header["sets"] = sorted(self.sets.items())
        if self.retention != "default":
            header["retention"] = self.retention
        return cut(plain.checked(self.envelope), header)


class Entry(msgspec.Struct, frozen=True, gc=False):  # made in a fifth of the time of a dataclass; see Header
    """
    One entry of the log.

    Parameters
    ----------
    seq
        Its place, counted from 0 without gaps; the leaf index in the Merkle tree.
    recorded_at
        When the ledger took it, UTC, to the microsecond; never earlier than the entry before it.
    envelope
        The exact bytes that are hashed.
    leaf_hash
        SHA-256(0x00 || envelope).
    key
        The idempotency key, or empty.
    payload_commitment
        ``sha256:`` of salt and payload, or empty without one.
    """

    seq: int
    kind: str
    subject: str
    recorded_at: datetime
    envelope: bytes
    leaf_hash: bytes
    key: str = ""
    payload_commitment: str = ""

    @property
    def header(self) -> "Header":
        """What the ledger wrote into the envelope."""
        return read_header(self.envelope)

    @property
    def body(self) -> Mapping[str, Any]:
        """What the caller recorded."""
        content: dict[str, Any] = orjson.loads(self.envelope)
        del content[HEADER]
        return content


class Record(NamedTuple):
    """An entry as a store or an export holds it: columns, not yet believed."""

    seq: int
    kind: str
    subject: str
    recorded_at: str
    envelope: bytes
    leaf_hash: bytes
    key: str
    payload_commitment: str


def entry_of(record: Record) -> Entry:
    """Return the entry that a store's row describes."""
    seq, kind, subject, recorded_at, envelope, leaf, key, commitment = record
    return Entry(seq, kind, subject, read_time(recorded_at), envelope, leaf, key, commitment)


def record_of(entry: Entry) -> Record:
    """Return an entry as the row a store keeps."""
    return Record(
        entry.seq,
        entry.kind,
        entry.subject,
        format_time(entry.recorded_at),
        entry.envelope,
        entry.leaf_hash,
        entry.key,
        entry.payload_commitment,
    )


class Appended(msgspec.Struct, frozen=True, gc=False):
    """
    The answer to an append.

    Parameters
    ----------
    is_repeat
        Whether the entry was there before, under the same key and digest.
    """

    entry: Entry
    is_repeat: bool = False


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """A payload and the salt that hides it from guessing; `commitment` names both."""

    salt: bytes
    payload: bytes

    @property
    def commitment(self) -> str:
        """``sha256:`` of salt and payload."""
        return "sha256:" + hashlib.sha256(self.salt + self.payload).hexdigest()


class Header(msgspec.Struct, frozen=True, gc=False):  # millions are read, and none can form a cycle
    """The ledger's part of an envelope; what is empty is not written."""

    seq: int
    kind: str
    subject: str
    recorded_at: str
    key: str = ""
    key_digest: str = ""
    payload: str = ""
    artifacts: tuple[str, ...] = ()
    requires: tuple[tuple[str, str | None], ...] = ()
    sets: tuple[tuple[str, str | None], ...] = ()
    retention: str = "default"


class _Leaf(msgspec.Struct, frozen=True, gc=False):
    entry: Header


_LEAF = msgspec.json.Decoder(_Leaf)


def read_header(envelope: bytes) -> Header:
    """
    Return the ledger's part of an envelope.

    Raises
    ------
    CanonicalError
        If the bytes are not an envelope.
    """
    try:
        return _LEAF.decode(envelope).entry
    except msgspec.DecodeError as error:
        raise CanonicalError("envelope", f"cannot be read: {error}", "restore the stored bytes") from error


@lru_cache(maxsize=64)  # the entries of a batch share theirs
def format_time(moment: datetime) -> str:
    """Write a time in UTC to the microsecond, in a form that sorts as text."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    """Read back what `format_time` wrote."""
    return datetime.fromisoformat(text)


def check_name(field_name: str, value: str) -> None:
    """Refuse what is no name: too long, or a text that a database would not take."""
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise InvalidEntryError(field_name, f"is not text of at most {LONGEST_NAME} characters", "shorten it")
    _check_text(field_name, value)


def are_plain(texts: list[str]) -> bool:
    """Whether all of these are ASCII, without a zero character and short: one look at tens of thousands."""
    try:
        together = "".join(texts)
    except TypeError:
        return False
    are_short = len(together) <= LONGEST_NAME or max(map(len, texts)) <= LONGEST_NAME
    return are_short and together.isascii() and "\x00" not in together


def _check_text(field_name: str, value: str) -> None:
    """Refuse here what a database would refuse later, together with all else in the batch."""
    if "\x00" in value:
        raise InvalidEntryError(field_name, "holds a zero character", "remove it")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidEntryError(field_name, "is not valid Unicode", "send whole characters")
