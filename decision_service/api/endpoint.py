"""
One call: bytes in, bytes out, every step in order and every error translated.

Requests arrive as raw bytes: grpc answers unreadable bytes with INTERNAL, and bad input is not a
fault of ours.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import protovalidate
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from decision_service.api import roles, status
from decision_service.api.convert import refuse
from decision_service.api.identity import Identifier
from decision_service.api.telemetry import observed
from decision_service.decision import Caller
from decision_service.errors import FieldViolation, InvalidRequestError


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, and until when (monotonic clock; None = no deadline)."""

    caller: Caller
    deadline: float | None


Handler = Callable[[Any, Call], Awaitable[Any]]


def generic_handler(
    service: ServiceDescriptor, servicer: Any, identify: Identifier
) -> grpc.GenericRpcHandler:
    """All methods of a service, each served by the servicer's method of the same name."""
    handlers = {
        m.name: _method_handler(f"{service.name}/{m.name}", m, getattr(servicer, m.name), identify)
        for m in service.methods
    }
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _method_handler(name: str, method: MethodDescriptor, handler: Handler, identify: Identifier) -> Any:
    request_type = GetMessageClass(method.input_type)

    async def call(raw: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        metadata = _metadata(context)
        with observed(method.containing_service.full_name, method.name, metadata) as observation:
            try:
                caller = identify(metadata, _auth(context))
                roles.require(name, caller)
                request = _read(request_type, raw)
                response = await handler(request, Call(caller, _deadline(context)))
                return bytes(response.SerializeToString())
            except Exception as error:
                observation.status = status.code_of(error).name
                await status.abort(context, error)
                raise  # not reached: abort raises

    return grpc.unary_unary_rpc_method_handler(call)


def _metadata(context: Any) -> dict[str, str]:
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


def _auth(context: Any) -> dict[str, tuple[bytes, ...]]:
    return {key: tuple(values) for key, values in context.auth_context().items()}


def _read(kind: Any, raw: bytes) -> Any:
    try:
        request = kind.FromString(raw)
    except DecodeError:
        raise refuse(
            "(message)", f"not a {kind.DESCRIPTOR.name}: truncated or garbled bytes; send it again"
        ) from None
    validate(request)
    return request


def validate(message: Any) -> None:
    """
    Hold a message against the constraints of its proto.

    Raises
    ------
    InvalidRequestError
        With every field that breaks one.
    """
    try:
        violations = protovalidate.collect_violations(message)
    except UnicodeDecodeError:
        raise refuse("(message)", "text that is not UTF-8; send UTF-8") from None
    if violations:
        raise InvalidRequestError(tuple(FieldViolation(_path(v), v.proto.message) for v in violations))


def _path(violation: Any) -> str:
    """`snapshot.stages[3].on_hand` of a violation's elements."""
    text = ""
    for element in violation.proto.field.elements:
        text += f".{element.field_name}" if text else element.field_name
        if element.subscript is not None:
            text += f"[{element.subscript.value}]"
    return text or "(message)"


def _deadline(context: grpc.aio.ServicerContext[Any, Any]) -> float | None:
    remaining = context.time_remaining()
    return None if remaining is None else time.monotonic() + remaining
