"""Requests and their outcomes as they travel between replicas and the sequencer."""

from typing import Any

import msgspec

from audit.artifact import Artifact
from audit.entry import NewEntry, Prepared, Sealed
from audit.errors import AuditError, InvalidEntryError, KeyConflictError, PointerMovedError
from audit.sequence import Outcome, Request


class _Wired(msgspec.Struct, frozen=True):
    """A prepared entry without its artifacts, which are stored before the request is."""

    body: dict[str, Any]
    header: dict[str, Any]
    salt: bytes
    payload: bytes


class _Answer(msgspec.Struct, frozen=True):
    """Places and whether they are repeats; or why the request was refused."""

    entries: tuple[tuple[int, bool], ...] = ()
    refusal: str = ""
    details: tuple[str | int | None, ...] = ()


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
    wired = [
        _Wired(
            prepared.body,
            prepared.header,
            *((sealed.salt, sealed.payload) if (sealed := prepared.sealed) else (b"", b"")),
        )
        for prepared in request
    ]
    return msgspec.msgpack.encode(wired)


def read_request(data: bytes) -> Request:
    """Return the request that `write_request` wrote."""
    return tuple(map(_prepared, msgspec.msgpack.decode(data, type=tuple[_Wired, ...])))


def write_outcome(outcome: Outcome) -> str:
    """Return an outcome as text."""
    if isinstance(outcome, KeyConflictError):
        answer = _Answer(refusal="key", details=(outcome.key, outcome.seq))
    elif isinstance(outcome, PointerMovedError):
        answer = _Answer(refusal="pointer", details=(outcome.pointer, outcome.expected, outcome.actual))
    elif isinstance(outcome, AuditError):
        answer = _Answer(refusal="entry", details=("entry", str(outcome), "send another"))
    else:
        answer = _Answer(entries=tuple((appended.entry.seq, appended.is_repeat) for appended in outcome))
    return msgspec.json.encode(answer).decode()


def read_outcome(text: str) -> tuple[tuple[int, bool], ...] | AuditError:
    """Return places and repeats, or the refusal, that `write_outcome` wrote."""
    answer = msgspec.json.decode(text, type=_Answer)
    return _REFUSALS[answer.refusal](*answer.details) if answer.refusal else answer.entries


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
    return Prepared(new, wired.body, header, Sealed(wired.salt, wired.payload) if wired.salt else None)
