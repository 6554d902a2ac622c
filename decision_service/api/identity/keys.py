"""
The issuer's public keys: a JWKS (RFC 7517) in a file or at an https URL, read again as it rotates.

From a URL they are fetched off the event loop, every five minutes and when a token names a key that
is not known, but never twice within ten seconds: tokens with made-up keys fetch nothing.
"""

import asyncio
import json
import logging
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import jwt

from decision_service.api.identity.reloading import Reloading
from decision_service.errors import FieldViolation, InvalidRequestError, UnavailableError

FRESH_SECONDS = 300.0
PAUSE_SECONDS = 10.0
_TIMEOUT_SECONDS = 5.0
_LARGEST = 1 << 20  # bytes of a key set

_LOG = logging.getLogger(__name__)
_ByName = Mapping[str, jwt.PyJWK]


class Keys(Protocol):
    """The issuer's public keys."""

    async def named(self, name: str) -> jwt.PyJWK:
        """The key of a name (`kid`); a PyJWTError where there is none."""


class FileKeys:
    """A JWKS in a file."""

    def __init__(self, file: Path) -> None:
        self._keys = Reloading(file, _from_file)

    async def named(self, name: str) -> jwt.PyJWK:
        """The key of a name."""
        return _pick(self._keys(), name)


class UrlKeys:
    """A JWKS behind https; the last good one serves while the issuer is away."""

    def __init__(self, url: str, authority: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._clock = url, clock
        self._trust = ssl.create_default_context(cafile=authority or None)
        self._keys: _ByName = {}
        self._fetched: float | None = None
        self._asked: float | None = None
        self._lock = asyncio.Lock()

    async def named(self, name: str) -> jwt.PyJWK:
        """The key of a name."""
        if self._is_due(name):
            async with self._lock:  # one fetch, however many wait for it
                if self._is_due(name):
                    await self._refresh()
        if self._fetched is None:
            raise UnavailableError("the issuer's keys cannot be fetched; try again", "ISSUER_UNAVAILABLE")
        return _pick(self._keys, name)

    def _is_due(self, name: str) -> bool:
        now = self._clock()
        is_stale = self._fetched is None or now - self._fetched > FRESH_SECONDS or name not in self._keys
        return is_stale and (self._asked is None or now - self._asked >= PAUSE_SECONDS)

    async def _refresh(self) -> None:
        self._asked = self._clock()
        try:
            self._keys = await asyncio.to_thread(self._fetch)
            self._fetched = self._clock()
        except (OSError, ValueError, jwt.PyJWTError) as error:
            _LOG.error("the issuer's keys cannot be fetched: %s", error)

    def _fetch(self) -> _ByName:
        request = urllib.request.Request(self._url, headers={"Accept": "application/json"})  # noqa: S310 - https only, see keys_from
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS, context=self._trust) as response:  # noqa: S310
            return _read(response.read(_LARGEST))


def keys_from(source: str, authority: str = "") -> Keys:
    """The keys at an https URL or in a file."""
    return UrlKeys(source, authority) if source.startswith("https://") else FileKeys(Path(source))


def _from_file(file: Path) -> _ByName:
    try:
        return _read(file.read_bytes())
    except (OSError, ValueError, jwt.PyJWTError) as error:
        raise InvalidRequestError(
            (FieldViolation("jwks", f"`{file}`: {error}"),), "CONFIG_INVALID"
        ) from error


def _read(raw: bytes) -> _ByName:
    """The keys by name; keys of a kind we do not verify with are passed over, as RFC 7517 asks."""
    content = json.loads(raw)
    if not isinstance(content, dict):
        raise ValueError("not a JSON object with `keys`")  # noqa: TRY004 - bad content, not a bad call
    return {
        str(key.key_id or ""): key for key in jwt.PyJWKSet.from_dict(content).keys if key.key_type != "oct"
    }


def _pick(keys: _ByName, name: str) -> jwt.PyJWK:
    if name not in keys:
        raise jwt.InvalidKeyError("the token names no key of the issuer")
    return keys[name]
