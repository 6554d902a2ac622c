"""
Messages held against the constraints of their protos.

A snapshot is most of a request, and an ERP asks about one snapshot many times: the digests of those that kept
every constraint are remembered, and what was found right is not looked at again. Constraints are the protos' and
do not change while this process runs.
"""

import hashlib
import threading
from functools import cache
from typing import Any

import protovalidate
from cachetools import LRUCache
from google.protobuf.descriptor import Descriptor

from decision_service.api.convert import refuse
from decision_service.errors import FieldViolation, InvalidRequestError
from decision_service.v1 import planning_pb2

MOST = 4096  # digests remembered
LARGEST = 128 * 1024  # bytes of a snapshot that is remembered: larger ones are planned, which takes longer
_PART = "snapshot"

_right: LRUCache[bytes, bool] = LRUCache(MOST)
_door = threading.Lock()  # large requests are read beside the event loop


def validate(message: Any) -> None:
    """
    Hold a message against the constraints of its proto.

    Raises
    ------
    InvalidRequestError
        With every field that breaks one.
    """
    try:
        violations = _violations(message)
    except UnicodeDecodeError:
        raise refuse("(message)", "text that is not UTF-8; send UTF-8") from None
    if violations:
        raise InvalidRequestError(tuple(FieldViolation(_path(v), v.proto.message) for v in violations))


def _violations(message: Any) -> list[Any]:
    part = _digest(message)
    if not part:
        return list(protovalidate.collect_violations(message))
    with _door:
        is_right = part in _right
    violations = list(protovalidate.collect_violations(_without(message) if is_right else message))
    if not is_right and not violations:
        with _door:
            _right[part] = True
    return violations


def _digest(message: Any) -> bytes:
    """Of the snapshot that a request holds; empty where there is none, or one too large to remember."""
    if not _holds_snapshot(message.DESCRIPTOR) or not message.HasField(_PART):
        return b""
    sent: bytes = message.snapshot.SerializeToString(deterministic=True)
    return hashlib.sha256(sent).digest() if len(sent) <= LARGEST else b""


@cache
def _holds_snapshot(descriptor: Descriptor) -> bool:
    field = descriptor.fields_by_name.get(_PART)
    return field is not None and field.message_type is planning_pb2.Snapshot.DESCRIPTOR


def _without(message: Any) -> Any:
    """The request less its snapshot."""
    rest = type(message)()
    rest.CopyFrom(message)
    rest.ClearField(_PART)
    return rest


def _path(violation: Any) -> str:
    """`snapshot.stages[3].on_hand` of a violation's elements."""
    text = ""
    for element in violation.proto.field.elements:
        text += f".{element.field_name}" if text else element.field_name
        if element.subscript is not None:
            text += f"[{element.subscript.value}]"
    return text or "(message)"
