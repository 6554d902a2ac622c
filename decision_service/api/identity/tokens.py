"""
Bearer tokens: JWTs of one issuer, verified against its keys (RFC 7519, RFC 8725).

Verified tokens are remembered by hash for a minute, at most until they expire: a signature costs
20 to 90 microseconds, and a key that the issuer withdraws is out of use a minute later.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import jwt

from decision_service.api.identity.keys import Keys
from decision_service.errors import UnauthenticatedError

ALGORITHMS = ["RS256", "ES256", "EdDSA"]  # asymmetric only: the service holds no secret
LONGEST = 8192  # characters of a token
REMEMBERED = 10_000
REMEMBERED_SECONDS = 60.0
LEEWAY_SECONDS = 10.0  # clocks differ
_CERTIFICATES_ONLY = "spiffe://"


class TokenVerifier:
    """Tells the subject of a token."""

    def __init__(self, keys: Keys, issuer: str, audience: str) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._known: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    async def subject(self, token: str) -> str:
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
        claims = await self._verified(token)
        subject = str(claims["sub"])
        if subject.startswith(_CERTIFICATES_ONLY):
            raise _refused("its subject is a name that only certificates carry")
        self._remember(name, subject, float(claims["exp"]))
        return subject

    async def _verified(self, token: str) -> Mapping[str, Any]:
        if len(token) > LONGEST:
            raise _refused(f"it is longer than {LONGEST} characters")
        try:
            key = await self._keys.named(str(jwt.get_unverified_header(token).get("kid", "")))
            return jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "sub", "iss", "aud"]},
            )
        except (jwt.PyJWTError, TypeError, ValueError) as error:  # a key of another kind than the header says
            raise _refused(type(error).__name__) from None

    def _remember(self, name: bytes, subject: str, expires: float) -> None:
        self._known[name] = (subject, min(expires, time.time() + REMEMBERED_SECONDS))
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def _refused(why: str) -> UnauthenticatedError:
    return UnauthenticatedError(f"the token is refused: {why}", "BAD_TOKEN")
