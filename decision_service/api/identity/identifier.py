"""
From the peer's credentials to a caller.

A bearer token speaks for a person behind a trusted channel and comes first; without one, the
client certificate names the subject: its first URI (SPIFFE), else its common name. Roles and
scopes come from the grants, never from the caller.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from decision_service.api.identity.certificates import ClientCertificates
from decision_service.api.identity.grants import Grants
from decision_service.api.identity.tokens import TokenVerifier
from decision_service.api.roles import ROLES
from decision_service.decision import Caller
from decision_service.errors import UnauthenticatedError

MAX_SUBJECT = 256
_BEARER = "Bearer "
_TRACE_PARTS, _TRACE_DIGITS = 4, 32  # W3C trace context: version-trace-parent-flags

Metadata = Mapping[str, str]
AuthContext = Mapping[str, tuple[bytes, ...]]
Credentials = Callable[[], AuthContext]  # asked for only where they count


class Identifier(Protocol):
    """Tells who is calling."""

    async def __call__(self, metadata: Metadata, credentials: Credentials) -> Caller:
        """The caller of one call; UnauthenticatedError where it cannot be told."""


@dataclass(frozen=True, slots=True)
class PlaintextIdentifier:
    """
    For development on loopback: the caller says who it is.

    The metadata `decision-actor` and `decision-roles` are believed; a caller who says nothing is
    `local`, with every role.
    """

    async def __call__(self, metadata: Metadata, credentials: Credentials) -> Caller:  # noqa: ARG002 - there are none
        """The caller of a plaintext call."""
        subject = _checked(metadata.get("decision-actor", "local"))
        named = metadata.get("decision-roles")
        return Caller(subject, _ALL if named is None else _roles(named), trace_id=trace_id(metadata))


_ALL = frozenset(ROLES)


def _roles(named: str) -> frozenset[str]:
    roles = frozenset(r.strip() for r in named.split(",") if r.strip())
    if unknown := roles - _ALL:
        raise UnauthenticatedError(f"no role is named `{min(unknown)[:64]}`", "BAD_ROLE")
    return roles


@dataclass(frozen=True, slots=True)
class SecureIdentifier:
    """Certificates and tokens; a subject without a grant is known and may do nothing."""

    grants: Grants
    tokens: TokenVerifier | None
    certificates: ClientCertificates

    async def __call__(self, metadata: Metadata, credentials: Credentials) -> Caller:
        """The caller of a call over TLS."""
        auth = credentials()
        self.certificates.notice(auth)
        subject = _checked(await self._subject(metadata, auth))
        grant = self.grants.of(subject)
        return Caller(subject, grant.roles, grant.scopes, trace_id(metadata))

    async def _subject(self, metadata: Metadata, auth: AuthContext) -> str:
        authorization = metadata.get("authorization", "")
        if authorization:
            if self.tokens is None or not authorization.startswith(_BEARER):
                raise UnauthenticatedError(
                    "authorization must be a bearer token of the configured issuer", "BAD_TOKEN"
                )
            return await self.tokens.subject(authorization.removeprefix(_BEARER))
        for name in auth.get("x509_subject_alternative_name", ()):
            if b"://" in name:
                return name.decode("utf-8", "replace")
        for name in auth.get("x509_common_name", ()):
            return name.decode("utf-8", "replace")
        raise UnauthenticatedError("present a client certificate or a bearer token", "NO_CREDENTIALS")


def trace_id(metadata: Metadata) -> str:
    """The trace id of a W3C `traceparent`, empty where there is none."""
    if "traceparent" not in metadata:
        return ""
    parts = metadata["traceparent"].split("-")
    is_valid = len(parts) == _TRACE_PARTS and len(parts[1]) == _TRACE_DIGITS and _is_hexadecimal(parts[1])
    return parts[1] if is_valid else ""


def _is_hexadecimal(text: str) -> bool:
    return all(c in "0123456789abcdef" for c in text)


def _checked(subject: str) -> str:
    if not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise UnauthenticatedError(f"a subject has 1 to {MAX_SUBJECT} printable characters", "BAD_SUBJECT")
    return subject
