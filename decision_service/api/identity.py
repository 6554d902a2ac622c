"""
Who is calling.

On a plaintext loopback listener the caller says who it is, for development: the metadata `decision-actor` and `decision-roles`; a caller who says nothing is `local`, with every role.
"""

from collections.abc import Mapping

from decision_service.api.roles import ROLES
from decision_service.decision import Caller
from decision_service.errors import UnauthenticatedError

MAX_SUBJECT = 128


def identify(metadata: Mapping[str, str]) -> Caller:
    """The caller of a plaintext call."""
    subject = metadata.get("decision-actor", "local")
    if not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise UnauthenticatedError("decision-actor must be 1 to 128 printable characters", "BAD_ACTOR")
    named = metadata.get("decision-roles")
    roles = frozenset(ROLES if named is None else (r.strip() for r in named.split(",") if r.strip()))
    unknown = roles - frozenset(ROLES)
    if unknown:
        raise UnauthenticatedError(f"no role is named `{min(unknown)[:64]}`", "BAD_ROLE")
    return Caller(subject, roles, trace_id=_trace_id(metadata.get("traceparent", "")))


def _trace_id(traceparent: str) -> str:
    """The trace id of a W3C traceparent header, empty where there is none."""
    parts = traceparent.split("-")
    is_valid = len(parts) == 4 and len(parts[1]) == 32 and all(c in "0123456789abcdef" for c in parts[1])
    return parts[1] if is_valid else ""
