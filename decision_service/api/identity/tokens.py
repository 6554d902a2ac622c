"""
Bearer tokens: JWTs of one issuer, verified against its JWKS (RFC 7519, RFC 7517).

The key set comes from a file or an https URL and is read again when a token names a key that is
not in it, so that the issuer can rotate. Verified tokens are remembered by hash until they expire:
a signature costs 20 to 90 microseconds.
"""

import hashlib
import json
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any, Protocol

import jwt

from decision_service.errors import UnauthenticatedError

ALGORITHMS = ["RS256", "ES256", "EdDSA"]  # asymmetric only: the service holds no secret
REMEMBERED = 10_000
_SECONDS_BETWEEN_READS = 10.0


class Keys(Protocol):
    """The issuer's public keys."""

    def get_signing_key_from_jwt(self, token: str) -> Any:
        """The key that a token names; a PyJWTError where there is none."""


class TokenVerifier:
    """Tells the subject of a token."""

    def __init__(self, keys: Keys, issuer: str, audience: str) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._known: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def subject(self, token: str) -> str:
        """
        The `sub` of a valid token.

        Raises
        ------
        UnauthenticatedError
            It is expired, of another issuer or audience, or its signature does not hold. The
            token itself is never repeated in the message.
        """
        name = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        known = self._known.get(name)
        if known and known[1] > time.time():
            return known[0]
        claims = self._verified(token)
        self._remember(name, str(claims["sub"]), float(claims["exp"]))
        return str(claims["sub"])

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            return jwt.decode(
                token,
                key.key,
                algorithms=ALGORITHMS,
                issuer=self._issuer,
                audience=self._audience,
                options={"require": ["exp", "sub", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise UnauthenticatedError(
                f"the token is refused: {type(error).__name__}", "BAD_TOKEN"
            ) from error

    def _remember(self, name: bytes, subject: str, expires: float) -> None:
        self._known[name] = (subject, expires)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


class FileKeys:
    """A JWKS in a file, read again when it changes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._changed = -1
        self._keys: dict[str, Any] = {}

    def get_signing_key_from_jwt(self, token: str) -> Any:
        """The key that the token's header names."""
        self._refresh()
        name = jwt.get_unverified_header(token).get("kid")
        if name not in self._keys:
            raise jwt.InvalidKeyError("the token names no key of the issuer")
        return self._keys[name]

    def _refresh(self) -> None:
        changed = self._file.stat().st_mtime_ns
        if changed != self._changed:
            keys = jwt.PyJWKSet.from_dict(json.loads(self._file.read_text())).keys
            self._keys, self._changed = {str(key.key_id): key for key in keys}, changed


def keys_from(source: str) -> Keys:
    """The keys at an https URL or in a file."""
    if source.startswith("https://"):
        return jwt.PyJWKClient(source, cache_keys=True, lifespan=_SECONDS_BETWEEN_READS * 30, timeout=5)
    return FileKeys(Path(source))
