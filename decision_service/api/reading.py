"""
Bytes -> messages that keep the constraints of their protos.

An ERP asks about one snapshot many times, and the same question more than once: a dry run and then the real call, a
judgement again after an hour. A snapshot that was found right is known again by the bytes that were sent: it is
neither read nor held against its constraints again, and what was made of it goes by the same name. So is all that a
request says beside its request_id. Constraints are the protos' and do not change while this process runs.
"""

import threading
from typing import Any

import msgspec
from cachetools import LRUCache
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from audit import canonical
from buf.validate import validate_pb2
from decision_service.api.convert import refuse
from decision_service.api.validation import validate
from decision_service.decision import DecisionRequest
from decision_service.v1 import decision_service_pb2 as pb

MOST = 4096  # snapshots known to be right
LARGEST = 128 * 1024  # bytes of a snapshot that is remembered: larger ones are planned, which takes longer
BYTES = 2 * LARGEST  # of a request that is taken apart
REMEMBERED = (
    4 << 20
)  # bytes of requests: parsed, and with what is made of them, they take some ten times that
OVERHEAD = 2048  # bytes that each of them counts besides: what is made of the smallest takes ten times that
_FIELDS = pb.DecideRequest.DESCRIPTOR.fields_by_name
_OPTIONS: Any = _FIELDS["request_id"].GetOptions()
_LONGEST_ID: int = _OPTIONS.Extensions[validate_pb2.field].string.max_len


class Known:
    """
    What a request says beside its request_id, once for all requests that say the same.

    Parameters
    ----------
    message
        All of it that was read; without the snapshot where that is known to be right.
    digest, content
        The snapshot as it was sent, and the name that it is known by.

    Attributes
    ----------
    asked
        What was made of it, by whoever makes it first.
    """

    __slots__ = ("asked", "content", "digest", "message")

    def __init__(self, message: Any, content: bytes, digest: str = "") -> None:
        self.message, self.content, self.digest = message, content, digest or canonical.digest(content)
        self.asked: DecisionRequest | None = None

    @property
    def size(self) -> int:
        """Bytes that it counts for: as sent, and what each takes besides."""
        return OVERHEAD + int(self.message.ByteSize()) + len(self.content)


class Sent(msgspec.Struct, frozen=True):
    """A request that may be known again: the name it was given, and all else."""

    request_id: str
    known: Known


class Request(msgspec.Struct, frozen=True):
    """
    A request.

    Parameters
    ----------
    message
        All of it; what `sent` holds may be missing.
    sent
        Where it, or its snapshot, may be known again.
    """

    message: Any
    sent: Sent | None = None


def _part(name: str, kind: Any) -> Any:
    """
    A message that knows one field of a DecideRequest: the others it keeps as they were sent, one after the other.

    References
    ----------
    https://protobuf.dev/programming-guides/proto3/#unknowns
    """
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package="part", syntax="proto3")
    number = _FIELDS[name].number
    file.message_type.add(name=name).field.add(name=name, number=number, type=kind, label="LABEL_OPTIONAL")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"part.{name}"))


_Named = _part("request_id", "TYPE_STRING")
_OnSnapshot = _part("snapshot", "TYPE_BYTES")
_known: LRUCache[bytes, Known] = LRUCache(REMEMBERED, getsizeof=lambda known: known.size)
_right: LRUCache[str, bool] = LRUCache(MOST)
_door = threading.Lock()  # large requests are read beside the event loop


def read_request(kind: Any, raw: bytes) -> Request:
    """
    A request that keeps the constraints of its proto.

    Raises
    ------
    InvalidRequestError
        As `read_message`.
    """
    if kind is not pb.DecideRequest or len(raw) > BYTES:
        return Request(read_message(kind, raw))
    try:
        named = _Named.FromString(raw)
    except DecodeError:  # whoever reads it all says what is wrong
        return Request(read_message(kind, raw))
    request_id: str = named.request_id
    named.ClearField("request_id")
    said: bytes = named.SerializeToString()
    try:
        with _door:
            known = _known[said]  # a look that counts as use
    except KeyError:
        return _read_on_snapshot(raw, said, request_id)
    if not 0 < len(request_id) <= _LONGEST_ID:
        return Request(read_message(kind, raw))
    return Request(known.message, Sent(request_id, known))


def _read_on_snapshot(raw: bytes, said: bytes, request_id: str) -> Request:
    """A request that was not asked before, perhaps on a snapshot that was."""
    parts = _OnSnapshot.FromString(said)
    content: bytes = parts.snapshot
    is_plain = parts.ByteSize() == len(said)  # given twice they are merged, and then it is shorter
    if not is_plain or not 0 < len(content) <= LARGEST:
        return Request(read_message(pb.DecideRequest, raw))
    digest = canonical.digest(content)
    with _door:
        is_right = _right.get(digest, False)
    if not is_right:
        message = read_message(pb.DecideRequest, raw)
        with _door:
            _right[digest] = True
        return Request(message, Sent(request_id, Known(message, content, digest)))
    parts.ClearField("snapshot")
    message = read_message(pb.DecideRequest, parts.SerializeToString(), request_id)
    message.ClearField("request_id")  # others will ask the same
    known = Known(message, content, digest)
    with _door:
        _known[said] = known
    return Request(message, Sent(request_id, known))


def read_message(kind: Any, raw: bytes, request_id: str = "") -> Any:
    """
    A message that keeps the constraints of its proto; with the request_id that is not among its bytes.

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
    if request_id:
        message.request_id = request_id
    validate(message)
    return message
