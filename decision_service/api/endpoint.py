"""
One call: bytes in, bytes out, every step in order and every error translated.

Requests arrive as raw bytes: grpc answers unreadable bytes with INTERNAL, and bad input is not a
fault of ours.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import msgspec
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from audit import until_log_is_back
from decision_service.api import roles, status
from decision_service.api.admission import DECIDE, Admission, Rates, kind_of
from decision_service.api.cohort import Cohort
from decision_service.api.identity import Identifier
from decision_service.api.reading import Request, Sent, read_request
from decision_service.api.telemetry import Observation, current_trace_id
from decision_service.decision import Caller
from decision_service.errors import ForbiddenError, OverloadedError, UnauthenticatedError

LARGE = 256 * 1024  # bytes of a request that is read beside the event loop

_LOG = logging.getLogger(__name__)


class Call(msgspec.Struct, frozen=True):
    """
    Who calls, until when (monotonic clock; None = no deadline), and what came apart from the message.

    Parameters
    ----------
    sent
        A request that may be known again: the message may be without what it holds.
    """

    caller: Caller
    deadline: float | None
    sent: Sent | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """What every call passes: who is it, may it, is there room."""

    identify: Identifier
    admission: Admission
    refusals: Rates = field(default_factory=lambda: Rates(rate=10, burst=100))  # lines of log


# A unary method takes (request, call), one with a client stream (requests, call); a server stream is
# an asynchronous generator. What they return is a message, or its bytes.
Handler = Callable[[Any, Call], Any]


def generic_handler(service: ServiceDescriptor, servicer: Any, edge: Edge) -> grpc.GenericRpcHandler:
    """All methods of a service, each served by the servicer's method of the same name."""
    methods = {m.name: Method(m, getattr(servicer, m.name), edge) for m in service.methods}
    return grpc.method_handlers_generic_handler(
        service.full_name, {name: method.handler() for name, method in methods.items()}
    )


class Method:
    """One method at the edge."""

    def __init__(self, descriptor: MethodDescriptor, handle: Handler, edge: Edge) -> None:
        self._descriptor, self._handle, self._edge = descriptor, handle, edge
        self._name = f"{descriptor.containing_service.name}/{descriptor.name}"
        self._full_name = f"{descriptor.containing_service.full_name}/{descriptor.name}"
        self._request = GetMessageClass(descriptor.input_type)
        away = until_log_is_back if self._name == DECIDE else lambda: None
        self._cohort = Cohort(edge.admission.is_busy, away)

    def handler(self) -> Any:
        """The handler as grpc takes it."""
        if self._descriptor.client_streaming:
            return grpc.stream_unary_rpc_method_handler(self.from_stream)
        if self._descriptor.server_streaming:
            return grpc.unary_stream_rpc_method_handler(self.to_stream)
        return grpc.unary_unary_rpc_method_handler(self.unary)

    async def unary(self, raw: bytes, context: Any) -> bytes:
        """One request, one response."""
        arrived = time.perf_counter()
        await self._cohort.join()
        metadata = _metadata(context)
        with Observation(self._full_name, metadata, arrived) as observation:
            try:
                caller, deadline = await self._enter(context, metadata)
                read = await self._read(raw)
                request = read.message
                roles.require_reach(self._name, caller, request)
                with self._edge.admission.room(kind_of(self._name, request), deadline):
                    response = _sent(await self._handle(request, Call(caller, deadline, read.sent)))
            except Exception as error:
                await self._fail(error, context, observation)
                raise  # not reached: aborting raises
        return response

    async def from_stream(self, raws: AsyncIterator[bytes], context: Any) -> bytes:
        """Many requests, one response."""
        metadata = _metadata(context)
        with Observation(self._full_name, metadata) as observation:
            try:
                caller, deadline = await self._enter(context, metadata)
                requests = self._each(raws)
                with self._edge.admission.room(kind_of(self._name, None), deadline):
                    response = await self._handle(requests, Call(caller, deadline))
                return _sent(response)
            except Exception as error:
                await self._fail(error, context, observation)
                raise  # not reached: aborting raises

    async def to_stream(self, raw: bytes, context: Any) -> AsyncIterator[bytes]:
        """One request, many responses."""
        metadata = _metadata(context)
        with Observation(self._full_name, metadata) as observation:
            try:
                caller, deadline = await self._enter(context, metadata)
                request = (await self._read(raw)).message
                roles.require_reach(self._name, caller, request)
                with self._edge.admission.room(kind_of(self._name, request), deadline):
                    async for response in self._handle(request, Call(caller, deadline)):
                        yield _sent(response)
            except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets it
                await self._fail(error, context, observation)

    async def _enter(self, context: Any, metadata: Mapping[str, str]) -> tuple[Caller, float | None]:
        """Who calls and until when, once it may and has not called too often."""
        caller = await self._edge.identify(metadata, lambda: _credentials(context))
        roles.require(self._name, caller)
        self._edge.admission.rates.take(caller.subject)
        if not caller.trace_id and (trace_id := current_trace_id()):
            caller = msgspec.structs.replace(caller, trace_id=trace_id)
        return caller, _deadline(context)

    async def _read(self, raw: bytes) -> Request:
        if len(raw) > LARGE:
            return await asyncio.to_thread(read_request, self._request, raw)
        return read_request(self._request, raw)

    async def _each(self, raws: AsyncIterator[bytes]) -> AsyncIterator[Any]:
        async for raw in raws:
            yield (await self._read(raw)).message

    async def _fail(self, error: Exception, context: Any, observation: Observation) -> None:
        observation.status = status.code_of(error).name
        if isinstance(error, (ForbiddenError, UnauthenticatedError)):
            self._note(error, context)
        await status.abort(context, error)

    def _note(self, error: ForbiddenError | UnauthenticatedError, context: Any) -> None:
        """A line of log for each refusal, as long as they do not flood it."""
        try:
            self._edge.refusals.take("")
        except OverloadedError:
            return
        _LOG.warning("refused %s from %s: %s (%s)", self._name, context.peer(), error, error.reason)


def _sent(response: Any) -> bytes:
    return response if type(response) is bytes else bytes(response.SerializeToString())


def _metadata(context: Any) -> dict[str, str]:
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


def _credentials(context: Any) -> dict[str, tuple[bytes, ...]]:
    return {key: tuple(values) for key, values in context.auth_context().items()}


def _deadline(context: grpc.aio.ServicerContext[Any, Any]) -> float | None:
    remaining = context.time_remaining()
    return None if remaining is None else time.monotonic() + remaining
