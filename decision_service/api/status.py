"""
Exception -> gRPC status with details, in one table (AIP-193).

Every error carries ErrorInfo; bad input also BadRequest with field paths; an overload RetryInfo.
Anything absent from the table is a bug: INTERNAL, with an id that is in our log and no detail.
"""

import logging
import uuid
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from audit import AuditError, CanonicalError, InvalidEntryError
from decision_service import errors
from optimization.errors import InvalidNetworkError
from rules import FactError, RulesError

DOMAIN = "decision-service"
DETAILS_KEY = "grpc-status-details-bin"  # where rich errors travel, grpc A6 convention
PUSHBACK_KEY = "grpc-retry-pushback-ms"  # grpc A6: when to retry, -1 = never
MAX_TEXT = 4096
MAX_VIOLATIONS = 100

_LOG = logging.getLogger(__name__)

_CODES: tuple[tuple[type[Exception], grpc.StatusCode, str], ...] = (
    (errors.InvalidRequestError, grpc.StatusCode.INVALID_ARGUMENT, ""),
    (InvalidNetworkError, grpc.StatusCode.INVALID_ARGUMENT, "SNAPSHOT_INVALID"),
    (errors.NotFoundError, grpc.StatusCode.NOT_FOUND, ""),
    (errors.AlreadyExistsError, grpc.StatusCode.ALREADY_EXISTS, ""),
    (errors.PreconditionError, grpc.StatusCode.FAILED_PRECONDITION, ""),
    (errors.MovedError, grpc.StatusCode.ABORTED, ""),
    (errors.ForbiddenError, grpc.StatusCode.PERMISSION_DENIED, ""),
    (errors.UnauthenticatedError, grpc.StatusCode.UNAUTHENTICATED, ""),
    (errors.OverloadedError, grpc.StatusCode.RESOURCE_EXHAUSTED, ""),
    (errors.DeadlineError, grpc.StatusCode.DEADLINE_EXCEEDED, ""),
    (errors.UnavailableError, grpc.StatusCode.UNAVAILABLE, ""),
    (errors.TooLargeError, grpc.StatusCode.RESOURCE_EXHAUSTED, ""),
    (CanonicalError, grpc.StatusCode.INVALID_ARGUMENT, "NOT_CANONICAL"),  # -0.0, text that is not Unicode
    (InvalidEntryError, grpc.StatusCode.INVALID_ARGUMENT, "NOT_RECORDABLE"),  # a zero character in a name
    (FactError, grpc.StatusCode.FAILED_PRECONDITION, "RULES_CANNOT_READ_FACTS"),
    (RulesError, grpc.StatusCode.FAILED_PRECONDITION, "RULES_CANNOT_DECIDE"),
    (AuditError, grpc.StatusCode.UNAVAILABLE, "LOG_UNAVAILABLE"),
)


def code_of(error: Exception) -> grpc.StatusCode:
    """The code that an error becomes."""
    return next((code for kind, code, _ in _CODES if isinstance(error, kind)), grpc.StatusCode.INTERNAL)


def status_of(error: Exception) -> status_pb2.Status:
    """The status to send for an error."""
    for kind, code, reason in _CODES:
        if isinstance(error, kind):
            return _known(error, code, reason or getattr(error, "reason", ""))
    return _bug(error)


async def abort(context: grpc.aio.ServicerContext[Any, Any], error: Exception) -> None:
    """End the call with the error's status."""
    status = status_of(error)
    trailing: list[tuple[str, str | bytes]] = [(DETAILS_KEY, status.SerializeToString())]
    if isinstance(error, errors.OverloadedError):
        trailing.append((PUSHBACK_KEY, str(int(error.retry_seconds * 1000) + 1)))
    elif isinstance(error, errors.TooLargeError):
        trailing.append((PUSHBACK_KEY, "-1"))
    await context.abort(code_of(error), status.message, trailing_metadata=tuple(trailing))


def _known(error: Exception, code: grpc.StatusCode, reason: str) -> status_pb2.Status:
    status = status_pb2.Status(code=code.value[0], message=str(error)[:MAX_TEXT])
    metadata = {k: str(v)[:256] for k, v in getattr(error, "metadata", {}).items()}
    _add(status, error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata))
    if violations := violations_of(error):
        _add(status, _bad_request(violations))
    if isinstance(error, errors.OverloadedError):
        delay = Duration()
        delay.FromNanoseconds(int(error.retry_seconds * 1e9))
        _add(status, error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def violations_of(error: Exception) -> tuple[tuple[str, str], ...]:
    """The fields that are wrong, as (path, description)."""
    if isinstance(error, errors.InvalidRequestError):
        return tuple((v.field, v.description) for v in error.violations)
    if isinstance(error, InvalidNetworkError):
        problems = getattr(error, "problems", None) or (error,)
        return tuple(
            (f"snapshot.{p.field}", f"{p.problem}; {p.fix}" if p.fix else p.problem) for p in problems
        )
    return ()


def _bad_request(violations: tuple[tuple[str, str], ...]) -> error_details_pb2.BadRequest:
    kind = error_details_pb2.BadRequest.FieldViolation
    shown = violations[:MAX_VIOLATIONS]
    return error_details_pb2.BadRequest(
        field_violations=[kind(field=f[:512], description=d[:MAX_TEXT]) for f, d in shown]
    )


def _bug(error: Exception) -> status_pb2.Status:
    number = uuid.uuid4().hex
    _LOG.error("internal error %s", number, exc_info=error)
    status = status_pb2.Status(
        code=grpc.StatusCode.INTERNAL.value[0],
        message=f"internal error {number}; the service's log has the cause",
    )
    _add(status, error_details_pb2.ErrorInfo(reason="INTERNAL", domain=DOMAIN, metadata={"error_id": number}))
    return status


def _add(status: status_pb2.Status, detail: Any) -> None:
    packed = AnyMessage()
    packed.Pack(detail)
    status.details.append(packed)
