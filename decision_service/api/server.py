"""The gRPC server: services, health, reflection, drain."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
from google.longrunning import operations_pb2
from grpc_health.v1 import health
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha.reflection_pb2_grpc import add_ServerReflectionServicer_to_server

from decision_service.api.endpoint import Edge, generic_handler
from decision_service.api.identity.certificates import OwnCertificates
from decision_service.api.watch import Watch
from decision_service.config import is_loopback
from decision_service.errors import FieldViolation, InvalidRequestError
from decision_service.v1 import (
    approval_service_pb2,
    audit_service_pb2,
    decision_service_pb2,
    guard_service_pb2,
    handover_service_pb2,
    manual_service_pb2,
    release_service_pb2,
    report_service_pb2,
    rollback_service_pb2,
    rollout_service_pb2,
    solve_service_pb2,
    wave_service_pb2,
)

SERVICES = (
    decision_service_pb2.DESCRIPTOR.services_by_name["DecisionService"],
    release_service_pb2.DESCRIPTOR.services_by_name["ReleaseService"],
    audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"],
    rollout_service_pb2.DESCRIPTOR.services_by_name["RolloutService"],
    solve_service_pb2.DESCRIPTOR.services_by_name["SolveService"],
    operations_pb2.DESCRIPTOR.services_by_name["Operations"],
    approval_service_pb2.DESCRIPTOR.services_by_name["ApprovalService"],
    handover_service_pb2.DESCRIPTOR.services_by_name["HandoverService"],
    rollback_service_pb2.DESCRIPTOR.services_by_name["RollbackService"],
    report_service_pb2.DESCRIPTOR.services_by_name["ReportService"],
    wave_service_pb2.DESCRIPTOR.services_by_name["WaveService"],
    guard_service_pb2.DESCRIPTOR.services_by_name["GuardService"],
    manual_service_pb2.DESCRIPTOR.services_by_name["ManualService"],
)
Follower = Callable[[], Coroutine[Any, Any, None]]  # tails the log until it is cancelled

# Refuse pings that come faster than a client has reason to; let connections end, so that load spreads anew.
_CONNECTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 60_000),
    ("grpc.max_connection_age_ms", 3_600_000),
    ("grpc.max_connection_age_grace_ms", 600_000),
    ("grpc.max_metadata_size", 16 * 1024),
)


@dataclass(frozen=True, slots=True)
class Running:
    """A started server: where it listens, what runs beside it, and how to stop it."""

    server: Any
    health: Any
    address: str
    background: tuple["asyncio.Task[None]", ...]
    ending: Callable[[], Awaitable[None]]

    async def drain(self, grace: float) -> None:
        """Say NOT_SERVING, take nothing new, let calls in flight finish."""
        await _end(self.background)
        await self.health.enter_graceful_shutdown()
        await self.server.stop(grace)
        await self.ending()


async def _end(tasks: tuple["asyncio.Task[None]", ...]) -> None:
    """Cancel until all have ended: one cancellation can be lost on the way, a drain must not wait for it."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        ended, running = await asyncio.wait(running, timeout=1.0)
        await asyncio.gather(*ended, return_exceptions=True)  # whatever they ended with


@dataclass(frozen=True, slots=True)
class Listener:
    """
    Where to listen, how large messages may be, and what calls pass: TLS, or plaintext on loopback.

    Parameters
    ----------
    look
        Reads something of the log; raises where it is away.
    certificates, now
        What is watched for its end, by which clock.
    """

    address: str
    max_message_mb: int
    edge: Edge
    look: Callable[[], object]
    credentials: grpc.ServerCredentials | None = None
    certificates: OwnCertificates | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    has_reflection: bool = True


@dataclass(frozen=True, slots=True)
class Work:
    """What goes on beside the calls: begun before the first one, kept up, let go of after the last."""

    begin: Callable[[], Awaitable[None]]
    keep_up: Callable[[], Coroutine[Any, Any, None]]
    end: Callable[[], Awaitable[None]]


async def start(
    listener: Listener, servicers: tuple[Any, ...], work: Work, followers: tuple[Follower, ...] = ()
) -> Running:
    """Listen; `servicers` in the order of `SERVICES`."""
    size = listener.max_message_mb * 1024 * 1024
    limits = (("grpc.max_receive_message_length", size), ("grpc.max_send_message_length", size))
    server = grpc.aio.server(options=(*limits, *_CONNECTIONS))
    handlers = [generic_handler(s, x, listener.edge) for s, x in zip(SERVICES, servicers, strict=True)]
    server.add_generic_rpc_handlers(tuple(handlers))
    servicer = health.aio.HealthServicer()
    add_HealthServicer_to_server(servicer, _Generic(server))
    names = tuple(s.full_name for s in SERVICES)
    if listener.has_reflection:
        served = (*names, health.SERVICE_NAME, reflection.SERVICE_NAME)
        add_ServerReflectionServicer_to_server(reflection.aio.ReflectionServicer(served), _Generic(server))
    port = _listen(server, listener)
    await work.begin()
    await server.start()
    watch = Watch(servicer, ("", *names), listener.look, listener.certificates, listener.now)
    await watch.look_at_log()
    host = listener.address.rpartition(":")[0]
    tasks = tuple(asyncio.create_task(run()) for run in (watch.run, work.keep_up, *followers))
    return Running(server, servicer, f"{host}:{port}", tasks, work.end)


class _Generic:
    """
    A server as generated code sees it, that takes its methods and does not register them.

    grpc.aio waits for the next call of each method that is registered, and begins to wait for all of them anew with
    every call that comes, of whatever method.
    """

    def __init__(self, server: Any) -> None:
        self.add_generic_rpc_handlers = server.add_generic_rpc_handlers

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        """They are known as generic handlers already."""


def _listen(server: Any, listener: Listener) -> int:
    try:
        if listener.credentials is not None:
            return int(server.add_secure_port(listener.address, listener.credentials))
        if not is_loopback(listener.address):
            raise _refused(f"`{listener.address}` is not loopback: plaintext is refused")
        return int(server.add_insecure_port(listener.address))
    except RuntimeError as error:
        raise _refused(str(error)) from error


def _refused(problem: str) -> InvalidRequestError:
    return InvalidRequestError((FieldViolation("address", problem),), "CONFIG_INVALID")
