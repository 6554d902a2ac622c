"""The gRPC server: services, health, reflection, drain."""

import ipaddress
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2
from grpc_reflection.v1alpha import reflection

from decision_service.api.endpoint import generic_handler
from decision_service.api.identity import Identifier
from decision_service.errors import FieldViolation, InvalidRequestError
from decision_service.v1 import audit_service_pb2, decision_service_pb2, release_service_pb2

SERVICES = (
    decision_service_pb2.DESCRIPTOR.services_by_name["DecisionService"],
    release_service_pb2.DESCRIPTOR.services_by_name["ReleaseService"],
    audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"],
)
_SERVING, _NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@dataclass(frozen=True, slots=True)
class Running:
    """A started server: where it listens, and how to stop it."""

    server: Any
    health: Any
    address: str

    async def drain(self, grace: float) -> None:
        """Say NOT_SERVING, take nothing new, let calls in flight finish."""
        await self.health.enter_graceful_shutdown()
        await self.server.stop(grace)


@dataclass(frozen=True, slots=True)
class Listener:
    """Where to listen, how large messages may be, and who may call: TLS, or plaintext on loopback."""

    address: str
    max_message_mb: int
    identify: Identifier
    credentials: grpc.ServerCredentials | None = None


async def start(listener: Listener, servicers: tuple[Any, ...]) -> Running:
    """Listen; `servicers` in the order of `SERVICES`."""
    size = listener.max_message_mb * 1024 * 1024
    server = grpc.aio.server(
        options=(
            ("grpc.max_receive_message_length", size),
            ("grpc.max_send_message_length", size),
            ("grpc.so_reuseport", 0),
        )
    )
    handlers = [generic_handler(s, x, listener.identify) for s, x in zip(SERVICES, servicers, strict=True)]
    server.add_generic_rpc_handlers(tuple(handlers))
    servicer = health.aio.HealthServicer()
    health_pb2_grpc_add(servicer, server)
    names = (*(s.full_name for s in SERVICES), health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
    port = _listen(server, listener)
    await server.start()
    for name in ("", *(s.full_name for s in SERVICES)):
        await servicer.set(name, _SERVING)
    host = listener.address.rpartition(":")[0]
    return Running(server, servicer, f"{host}:{port}")


def health_pb2_grpc_add(servicer: Any, server: Any) -> None:
    """Register the standard health service."""
    from grpc_health.v1 import health_pb2_grpc  # noqa: PLC0415 - generated beside health_pb2

    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)


def _listen(server: Any, listener: Listener) -> int:
    host = listener.address.rpartition(":")[0].strip("[]")
    try:
        if listener.credentials is not None:
            return int(server.add_secure_port(listener.address, listener.credentials))
        if not _is_loopback(host):
            raise _refused(f"`{host}` is not loopback: plaintext is refused; set tls_certificate and tls_key")
        return int(server.add_insecure_port(listener.address))
    except RuntimeError as error:
        raise _refused(str(error)) from error


def _refused(problem: str) -> InvalidRequestError:
    return InvalidRequestError((FieldViolation("address", problem),), "CONFIG_INVALID")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
