"""What the service refuses, one class per thing a caller can act on (AIP-193 details in the data)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field that is wrong: its path in request terms, and what would be right."""

    field: str
    description: str


class ServiceError(Exception):
    """
    Base of everything the service raises on purpose.

    Parameters
    ----------
    reason
        UPPER_SNAKE, stable: callers branch on it.
    metadata
        Further facts for the caller, never secrets.
    """

    def __init__(self, message: str, reason: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.metadata = dict(metadata or {})


class InvalidRequestError(ServiceError):
    """The request contradicts the contract; every wrong field is named."""

    def __init__(self, violations: tuple[FieldViolation, ...], reason: str = "INVALID_FIELD") -> None:
        shown = "; ".join(f"{v.field}: {v.description}" for v in violations[:5])
        more = f"; and {len(violations) - 5} more" if len(violations) > 5 else ""
        super().__init__(shown + more, reason)
        self.violations = violations


class NotFoundError(ServiceError):
    """Nothing of that name exists."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"no {kind} is named `{name}`", f"{kind.upper()}_NOT_FOUND", {kind: name})


class AlreadyExistsError(ServiceError):
    """The name or key stands for something else already."""


class PreconditionError(ServiceError):
    """The system is not in a state that allows it; the message says what to do first."""


class MovedError(ServiceError):
    """The world moved between reading and writing; ask again."""


class ForbiddenError(ServiceError):
    """The caller's roles do not allow it."""


class UnauthenticatedError(ServiceError):
    """The caller is not known."""


class OverloadedError(ServiceError):
    """No room for this call now; `retry_seconds` is when to come back."""

    def __init__(self, message: str, retry_seconds: float, reason: str = "OVERLOADED") -> None:
        super().__init__(message, reason)
        self.retry_seconds = retry_seconds


class DeadlineError(ServiceError):
    """The work did not finish within the caller's deadline."""


class UnavailableError(ServiceError):
    """Something the service needs is not there; nothing was done, retrying is safe."""


class TooLargeError(ServiceError):
    """More than the service takes or can hold; the same request will not fit later either."""
