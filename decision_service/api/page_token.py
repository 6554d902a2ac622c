"""
Opaque page tokens (AIP-158): where the page ends, bound to the question by an HMAC.

A token made up, changed or used with another question is refused, not guessed at. Replicas share a
secret, so that any of them reads on where another stopped.
"""

import base64
import hashlib
import hmac
import secrets

from decision_service.api.convert import refuse

_TAG, _NUMBER = 16, 8  # bytes
_keys = [secrets.token_bytes(32)]  # of this process, until it is told what replicas share


def use_secret(secret: bytes) -> None:
    """Make tokens that whoever knows the secret can read; they outlive the process."""
    _keys[0] = hmac.digest(secret, b"page tokens", hashlib.sha256)


def issue(position: int, question: bytes) -> str:
    """A token for the page after `position` of the answer to `question`."""
    return issue_bytes(position.to_bytes(_NUMBER, "big"), question)


def issue_bytes(body: bytes, question: bytes) -> str:
    """A token for the page after a place that takes more than a number to name."""
    return base64.urlsafe_b64encode(body + _tag(body, question)).decode().rstrip("=")


def read(token: str, question: bytes) -> int | None:
    """The position, None for the first page."""
    body = read_bytes(token, question)
    if body is None:
        return None
    if len(body) != _NUMBER:
        raise refuse("page_token", "not a token of this question; start again without one")
    return int.from_bytes(body, "big")


def read_bytes(token: str, question: bytes) -> bytes | None:
    """The place, None for the first page."""
    if not token:
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    body, tag = raw[:-_TAG], raw[-_TAG:]
    if len(raw) <= _TAG or not hmac.compare_digest(tag, _tag(body, question)):
        raise refuse("page_token", "not a token of this question; start again without one")
    return body


def _tag(body: bytes, question: bytes) -> bytes:
    return hmac.digest(_keys[0], len(body).to_bytes(4, "big") + body + question, hashlib.sha256)[:_TAG]
