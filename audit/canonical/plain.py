"""
Plain values to canonical JSON (RFC 8785) in a restricted profile, and bytes to digests.

Inside the profile orjson with sorted keys writes exactly the bytes RFC 8785 asks for: ASCII keys
sort alike as UTF-8 and as UTF-16, and there is no float to format. Outside it the two differ, so
everything outside is refused.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from audit.errors import CanonicalError

LARGEST = 2**53 - 1  # the largest integer every JSON reader keeps exact, RFC 8785 section 3.2.2.3
_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")
DEEPEST = 100  # levels; orjson gives up at 254 without saying where
_MANY = 64  # keys of a mapping that are not looked at together


def encode(value: Any) -> bytes:
    """
    Canonical JSON of a plain value.

    Parameters
    ----------
    value
        ``None``, bool, int, str, list or tuple, or a mapping with ASCII snake_case keys, nested at
        most 100 deep.

    Raises
    ------
    CanonicalError
        For anything else, with the path of the offending part.
    """
    return write(checked(value))


def checked(value: Any) -> Any:
    """Return the value as dicts, lists and scalars, all of it inside the profile."""
    return _checked(value, 0)


def write(plain: Any) -> bytes:
    """Canonical bytes of a value that `checked` returned."""
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


_HELD = 2047  # bytes that hashlib takes without letting go of the interpreter's lock
_SHORT = 32 * 1024  # hashed sooner than that lock comes back under load


def digest(data: bytes) -> str:
    """SHA-256 of `data` as ``sha256:<hex>``."""
    if not _HELD < len(data) <= _SHORT:
        return "sha256:" + hashlib.sha256(data).hexdigest()
    hashed, view = hashlib.sha256(), memoryview(data)
    for start in range(0, len(data), _HELD):
        hashed.update(view[start : start + _HELD])
    return "sha256:" + hashed.hexdigest()


def _checked(value: Any, depth: int) -> Any:
    """Return the value with its mappings as dicts, once everything in it is inside the profile."""
    kind = type(value)
    if kind is str:
        return _checked_text(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return _checked_integer(value)
    if depth == DEEPEST:
        raise CanonicalError("", f"nested more than {DEEPEST} deep", "flatten it")
    if kind is dict or isinstance(value, Mapping):
        return _checked_mapping(value, depth + 1)
    if isinstance(value, list | tuple):
        return [
            item if type(item) is str and item.isascii() else _step(f"[{place}]", item, depth + 1)
            for place, item in enumerate(value)
        ]
    if isinstance(value, str):  # StrEnum: only its text is canonical
        return _checked_text(str.__str__(value))
    raise CanonicalError("", f"a {kind.__name__} has no canonical form", _FIX.get(kind, "use str or int"))


def _checked_text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:  # half a character
            raise CanonicalError("", str(error), "send text that is valid Unicode") from error
    return text


def _checked_integer(value: int) -> int:
    if -LARGEST <= value <= LARGEST:
        return value
    raise CanonicalError("", f"`{value:.6g}` exceeds 2**53 - 1", "write it as a string")


def _checked_mapping(mapping: Mapping[str, Any], depth: int) -> dict[str, Any]:
    plain = dict(mapping)
    _refuse_keys(tuple(plain))
    for key, value in plain.items():
        # The leaves of an envelope are nearly all texts and small numbers: spare them the calls.
        kind = type(value)
        if (kind is str and value.isascii()) or (kind is int and -LARGEST <= value <= LARGEST):
            continue
        plain[key] = _step(key, value, depth)
    return plain


def _refuse_keys(keys: tuple[object, ...]) -> None:
    if len(keys) > _MANY or not _are_keys(*keys):
        for key in keys:
            if not _is_key(key):
                raise CanonicalError("", f"key `{key}` is not ASCII snake_case", "rename it")


# Envelopes are of a few kinds, and those of a kind have the same keys. A member of a StrEnum equals its text and is none.
@lru_cache(maxsize=256, typed=True)
def _are_keys(*keys: object) -> bool:
    return all(map(_is_key, keys))


def _step(step: str, value: Any, depth: int) -> Any:
    try:
        return _checked(value, depth)
    except CanonicalError as error:
        raise error.inside(step) from None


@lru_cache(maxsize=4096, typed=True)
def _is_key(key: object) -> bool:
    return type(key) is str and _KEY.match(key) is not None


_FIX = {
    float: "write it as a decimal string",
    bytes: "store it as a payload or an artifact and name its digest",
    set: "sort it into a list",
}
