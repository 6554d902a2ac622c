"""Requests and their outcomes as they travel between replicas and the sequencer."""

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from audit.artifact import Artifact
from audit.entry import Appended, NewEntry, Sealed, format_time, read_time
from audit.envelope import HEADER, cut
from audit.errors import AuditError, InvalidEntryError, KeyConflictError, PointerMovedError
from audit.prepared import Prepared
from audit.sequence import Outcome, Request

_MOST_TOLD, _LONGEST_TOLD = 16, 420  # outcomes in a notification, which holds 8,000 bytes; bytes of each


class _Wired(msgspec.Struct, frozen=True):
    """A prepared entry without its artifacts, which are stored before the request is."""

    body: dict[str, Any]
    header: dict[str, Any]
    salt: bytes
    payload: bytes


class Places(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    Places and whether they are repeats; or why the request was refused.

    Whoever asked can make an entry again from when it was recorded, and tell by the hash of its leaf
    that it is the same one. A version that did not say so has them read.
    """

    entries: tuple[tuple[int, bool], ...] = ()
    made: tuple[tuple[str, str], ...] = ()
    refusal: str = ""
    details: tuple[str | int | None, ...] = ()


# Made here, by one thread: see `audit.canonical.objects`.
_REQUEST = msgspec.msgpack.Decoder(tuple[_Wired, ...])
_PLACES = msgspec.json.Decoder(Places)
_NEWS = msgspec.json.Decoder(list[tuple[uuid.UUID, msgspec.Raw]])

_REFUSALS: dict[str, type[AuditError]] = {
    "key": KeyConflictError,
    "pointer": PointerMovedError,
    "entry": InvalidEntryError,
}


def artifacts_of(request: Request) -> list[Artifact]:
    """Return what a request brings along by digest."""
    return [artifact for prepared in request for artifact in prepared.new.artifacts]


def write_request(request: Request) -> bytes:
    """Return a request as bytes."""
    return msgspec.msgpack.encode([_wired(prepared) for prepared in request])


def read_request(data: bytes) -> Request:
    """Return the request that `write_request` wrote."""
    return tuple(map(_prepared, _REQUEST.decode(data)))


def write_outcome(outcome: Outcome) -> str:
    """Return an outcome as text."""
    if isinstance(outcome, KeyConflictError):
        answer = Places(refusal="key", details=(outcome.key, outcome.seq))
    elif isinstance(outcome, PointerMovedError):
        answer = Places(refusal="pointer", details=(outcome.pointer, outcome.expected, outcome.actual))
    elif isinstance(outcome, AuditError):
        answer = Places(refusal="entry", details=("entry", str(outcome), "send another"))
    else:
        answer = Places(
            tuple((appended.entry.seq, appended.is_repeat) for appended in outcome),
            tuple(
                (format_time(appended.entry.recorded_at), appended.entry.leaf_hash.hex())
                for appended in outcome
            ),
        )
    return msgspec.json.encode(answer).decode()


def read_outcome(text: str, request: Request) -> Outcome | Places:
    """Return the outcome that `write_outcome` wrote for a request; its places where entries have to be read."""
    answer = _PLACES.decode(text)
    if answer.refusal:
        return _REFUSALS[answer.refusal](*answer.details)
    told = zip(request, answer.entries, answer.made, strict=False)
    entries = tuple(
        Appended(entry)
        for prepared, (seq, is_repeat), (recorded_at, leaf) in told
        if not is_repeat and (entry := prepared.at(seq, read_time(recorded_at))).leaf_hash.hex() == leaf
    )
    return entries if len(entries) == len(request) else answer


def write_news(outcomes: Sequence[tuple[uuid.UUID, str]]) -> list[str]:
    """Return written outcomes as notifications, several in each; what is too long for one is left out."""
    written = ((ticket, text.encode()) for ticket, text in outcomes)
    told = [(ticket, msgspec.Raw(text)) for ticket, text in written if len(text) < _LONGEST_TOLD]
    pieces = (told[first : first + _MOST_TOLD] for first in range(0, len(told), _MOST_TOLD))
    return [msgspec.json.encode(piece).decode() for piece in pieces]


def read_news(text: str) -> list[tuple[uuid.UUID, str]]:
    """Return the outcomes that `write_news` wrote, or nothing where somebody else wrote."""
    try:
        told = _NEWS.decode(text)
    except msgspec.DecodeError:
        return []
    return [(ticket, bytes(outcome).decode()) for ticket, outcome in told]


def _wired(prepared: Prepared) -> _Wired:
    body = orjson.loads(prepared.pieces.at(0, ""))
    header = body.pop(HEADER)
    del header["seq"], header["recorded_at"]
    sealed = prepared.sealed
    return _Wired(body, header, *((sealed.salt, sealed.payload) if sealed else (b"", b"")))


def _prepared(wired: _Wired) -> Prepared:
    header = wired.header
    new = NewEntry(
        kind=header["kind"],
        subject=header["subject"],
        envelope={},
        key=header.get("key", ""),
        key_digest=header.get("key_digest", ""),
        requires=dict(header.get("requires", ())),
        sets=dict(header.get("sets", ())),
    )
    sealed = Sealed(wired.salt, wired.payload) if wired.salt else None
    return Prepared(new, cut(wired.body, header), header.get("payload", ""), sealed)
