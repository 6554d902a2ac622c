"""
Bytes -> messages that keep the constraints of their protos.

A snapshot is most of a request, and an ERP asks about one snapshot many times. One that was found right is known
again by the bytes that were sent: it is neither read nor held against its constraints again, and what was made of
it goes by the same name. Constraints are the protos' and do not change while this process runs.
"""

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from cachetools import LRUCache
from google.protobuf.message import DecodeError

from audit import canonical
from decision_service.api.convert import refuse
from decision_service.api.validation import validate
from decision_service.v1 import decision_service_pb2 as pb

MOST = 4096  # snapshots known to be right
LARGEST = 128 * 1024  # bytes of a snapshot that is remembered: larger ones are planned, which takes longer
FIELDS, BYTES = 256, 2 * LARGEST  # of a request that is taken apart
_LENGTH = 2  # wire type of what has a length before it
_SNAPSHOT = pb.DecideRequest.DESCRIPTOR.fields_by_name["snapshot"].number << 3 | _LENGTH
_LONGEST = 10  # bytes of a varint

_right: LRUCache[str, bool] = LRUCache(MOST)
_door = threading.Lock()  # large requests are read beside the event loop


class Sent(NamedTuple):
    """A snapshot as it was sent, and the digest that it is known by."""

    digest: str
    content: bytes


class Request(NamedTuple):
    """
    A request.

    Parameters
    ----------
    sent
        Its snapshot, where that may be known again.
    message
        All of it; without the snapshot where that is known to be right.
    """

    message: Any
    sent: Sent | None = None


def read_request(kind: Any, raw: bytes) -> Request:
    """
    A request that keeps the constraints of its proto.

    Raises
    ------
    InvalidRequestError
        As `read_message`.
    """
    place = _place_of_snapshot(raw) if kind is pb.DecideRequest else None
    if place is None:
        return Request(read_message(kind, raw))
    start, begin, end = place
    content = raw[begin:end]
    sent = Sent(canonical.digest(content), content)
    with _door:
        is_right = _right.get(sent.digest, False)  # a look that counts as use
    if is_right:
        return Request(read_message(kind, raw[:start] + raw[end:]), sent)
    message = read_message(kind, raw)
    with _door:
        _right[sent.digest] = True
    return Request(message, sent)


def read_message(kind: Any, raw: bytes) -> Any:
    """
    A message that keeps the constraints of its proto.

    Raises
    ------
    InvalidRequestError
        The bytes are not such a message, or fields are wrong.
    """
    try:
        message = kind.FromString(raw)
    except DecodeError:
        raise refuse(
            "(message)", f"not a {kind.DESCRIPTOR.name}: truncated or garbled bytes; send it again"
        ) from None
    validate(message)
    return message


def _place_of_snapshot(raw: bytes) -> tuple[int, int, int] | None:
    """Where its field starts, its bytes begin and end; None for none, several (they are merged), or a large one."""
    found = None
    if len(raw) > BYTES:
        return None
    try:
        for count, (tag, start, begin, end) in enumerate(_fields(raw)):
            if count == FIELDS or (tag == _SNAPSHOT and found):
                return None
            if tag == _SNAPSHOT:
                found = (start, begin, end)
    except (IndexError, ValueError):  # whoever reads it all says what is wrong
        return None
    return found if found and 0 < found[2] - found[1] <= LARGEST else None


def _fields(raw: bytes) -> Iterator[tuple[int, int, int, int]]:
    """
    Tag of each field of a message, where it starts, where its content begins and ends.

    References
    ----------
    https://protobuf.dev/programming-guides/encoding: tag, then a varint, 8 bytes, a length and so many bytes, or 4.
    """
    at, size = 0, len(raw)
    while at < size:
        start = at
        tag, at = _varint(raw, at)
        begin, wire = at, tag & 7
        if wire == 0:
            _, at = _varint(raw, at)
        elif wire == _LENGTH:
            length, begin = _varint(raw, at)
            at = begin + length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise ValueError("a group")
        if at > size:
            raise ValueError("truncated")
        yield tag, start, begin, at


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    byte = raw[at]
    if byte < 0x80:  # most are short
        return byte, at + 1
    value = byte & 0x7F
    for place in range(1, _LONGEST):
        byte = raw[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("a number without end")
