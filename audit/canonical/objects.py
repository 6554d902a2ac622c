"""
Frozen dataclasses to canonical JSON and back.

The bytes follow the declared types, not the values that happen to be there: a field declared
``float`` writes ``5`` and ``5.0`` alike, so equal objects have equal digests. A float is written
as the shortest decimal string that reads back as the same float; a ``Decimal`` as its string, a
date in ISO form, an enumeration as its value, a tuple as an array. Fields that hold their default
are left out: a field added later, with a default, leaves old digests as they are.

One lowering function per type is built on first use and kept; this is what makes a snapshot of
5,000 lanes cheap.
"""

import dataclasses
import threading
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
import orjson

from audit.canonical.plain import LARGEST
from audit.errors import CanonicalError

T = TypeVar("T")
Lowering = Callable[[Any], Any]
_UNSET = object()


def encode_object(value: Any) -> bytes:
    """
    Canonical bytes of a frozen dataclass (or of a tuple or mapping of them).

    Raises
    ------
    CanonicalError
        For NaN, infinities, negative zero and types without a canonical form, with their path.
    """
    lowered = _lowering(type(value))(value)
    try:
        return orjson.dumps(lowered)  # keys are put in order below, where the type is known
    except orjson.JSONEncodeError as error:
        raise CanonicalError("", str(error), "send text that is valid Unicode") from error


def decode_object(data: bytes, kind: type[T]) -> T:
    """
    Return the object of type `kind` that `encode_object` wrote.

    Raises
    ------
    CanonicalError
        If the bytes do not describe such an object; the message carries the path.
    """
    try:
        decoded: T = _decoder(kind).decode(data)
    except (msgspec.DecodeError, TypeError) as error:
        raise CanonicalError("", f"not a {kind.__name__}: {error}", "check what wrote it") from error
    return decoded


def _decoder(kind: Any) -> "msgspec.json.Decoder[Any]":
    """
    Return the decoder of a type, made by one thread at a time.

    msgspec looks at a class when it first meets it, and kills the process where a second thread meets the same
    class before it is done (as of 0.22).
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        with _DOOR:
            decoder = _DECODERS[kind] = msgspec.json.Decoder(kind, strict=False)
    return decoder


def _lowering(kind: Any) -> Lowering:
    """Return the function that lowers values declared as `kind` to what orjson writes."""
    lowering = _LOWERINGS.get(kind)
    if lowering is None:
        lowering = _LOWERINGS[kind] = _build_lowering(kind)
    return lowering


# Types are few and live as long as the process, so both tables only grow to their number.
_LOWERINGS: dict[Any, Lowering] = {}
_DECODERS: dict[Any, "msgspec.json.Decoder[Any]"] = {}
_DOOR = threading.Lock()


def _build_lowering(kind: Any) -> Lowering:
    origin = typing.get_origin(kind) or kind
    arguments = typing.get_args(kind)
    if dataclasses.is_dataclass(origin) and isinstance(origin, type):
        return _lower_dataclass(origin)
    if origin in (types.UnionType, typing.Union):
        return _lower_union(arguments)
    if origin is tuple or origin is list:
        return _lower_sequence(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _lower_mapping(arguments[1] if len(arguments) == 2 else Any)
    if isinstance(origin, type) and issubclass(origin, Enum):
        return _lower_enum(origin)
    return _SCALARS.get(origin) or _lower_by_value(origin)


def _lower_dataclass(kind: type) -> Lowering:
    """Return a function that writes the fields in key order, those with their default left out."""
    hints = typing.get_type_hints(kind)
    plan = []
    for field in sorted(dataclasses.fields(kind), key=lambda field: _utf16(field.name)):
        lower = _lowering(hints[field.name])
        default = _default(field)
        lowered_default = _UNSET if default is _UNSET else lower(default)
        plan.append((field.name, lower, _as_it_is(lower), default, lowered_default))
    parts = attrgetter(*(step[0] for step in plan), "__class__")  # in one call; never only one of them

    def lower_object(value: Any) -> dict[str, Any]:
        if type(value) is not kind:
            raise _refused(value, f"a {kind.__name__}")
        lowered = {}
        for (name, lower, as_it_is, default, lowered_default), part in zip(plan, parts(value), strict=False):
            if part is default:
                continue
            try:
                plain = part if type(part) is as_it_is else lower(part)
            except CanonicalError as error:
                raise error.inside(name) from None
            if plain != lowered_default:
                lowered[name] = plain
        return lowered

    return lower_object


def _as_it_is(lower: Lowering) -> type | None:
    """Return the type whose values this function returns unchanged: most of them are text, and spared the call."""
    return str if lower is _lower_text else None


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return _UNSET


def _lower_union(arguments: tuple[Any, ...]) -> Lowering:
    """Write ``X | None`` as X or null; any wider union goes by the type of the value."""
    members = [argument for argument in arguments if argument is not types.NoneType]
    lower = _lowering(members[0]) if len(members) == 1 else _lower_any
    return lambda value: None if value is None else lower(value)


def _lower_sequence(arguments: tuple[Any, ...]) -> Lowering:
    uniform = len(arguments) == 1 or (len(arguments) == 2 and arguments[1] is Ellipsis)
    each = _lowering(arguments[0]) if uniform else _lower_any
    fixed = tuple(map(_lowering, arguments)) if arguments and not uniform else ()

    def lower_sequence(value: Any) -> list[Any]:
        if not isinstance(value, tuple | list):
            raise _refused(value, "a tuple")
        try:
            return (
                [lower(item) for lower, item in zip(fixed, value, strict=True)]
                if fixed
                else [*map(each, value)]
            )
        except CanonicalError:
            raise _located(value, fixed or (each,) * len(value)) from None

    return lower_sequence


def _located(value: Any, lowerings: tuple[Lowering, ...]) -> CanonicalError:
    """Find the item that was refused; only a failure pays for knowing its place."""
    for place, (lower, item) in enumerate(zip(lowerings, value, strict=True)):
        try:
            lower(item)
        except CanonicalError as error:
            return error.inside(f"[{place}]")
    raise AssertionError("an item was refused a moment ago")  # pragma: no cover


def _lower_mapping(value_type: Any) -> Lowering:
    lower = _lowering(value_type)
    as_it_is = _as_it_is(lower)

    def lower_mapping(value: Any) -> dict[str, Any]:
        if type(value) is not dict and not isinstance(value, Mapping):
            raise _refused(value, "a mapping")
        lowered = {}
        for key, part in value.items():
            try:
                lowered[_lower_key(key)] = part if type(part) is as_it_is else lower(part)
            except CanonicalError as error:
                raise error.inside(f"[{key}]") from None
        # ASCII sorts alike in every encoding
        order = sorted(lowered) if "".join(lowered).isascii() else sorted(lowered, key=_utf16)
        return {key: lowered[key] for key in order}

    return lower_mapping


def _lower_key(key: Any) -> str:
    if type(key) is str:
        return key
    if isinstance(key, str):
        return str.__str__(key)
    if type(key) is int:
        return str(key)
    if isinstance(key, date):
        return key.isoformat()
    raise _refused(key, "text, an integer or a date as key")


def _utf16(key: str) -> bytes:
    """Sort key of RFC 8785 section 3.2.3: UTF-16 code units."""
    return key.encode("utf-16-be", "surrogatepass")


def _lower_enum(kind: type[Enum]) -> Lowering:
    lowered = {member: member.value for member in kind}

    def lower_enum(value: Any) -> Any:
        try:
            return lowered[value]
        except (KeyError, TypeError):
            raise _refused(value, f"a {kind.__name__}") from None

    return lower_enum


def _lower_float(value: Any) -> str:
    if type(value) is not float:
        if type(value) is int:
            value = float(value)
        elif not isinstance(value, float):
            raise _refused(value, "a number")
    text = float.__repr__(value)
    if text in _NOT_FINITE:
        raise CanonicalError(
            "", f"`{text}` is not a quantity", "send a finite number, and zero without a sign"
        )
    return text


_NOT_FINITE = frozenset({"nan", "inf", "-inf", "-0.0"})
_PLAIN_POWER = 30  # beyond it a decimal is written with an exponent, not with its zeros


def _lower_int(value: Any) -> int:
    if type(value) is not int:
        raise _refused(value, "an integer")
    if not -LARGEST <= value <= LARGEST:
        raise CanonicalError("", f"`{value:.6g}` exceeds 2**53 - 1", "declare it as text")
    return value


def _lower_bool(value: Any) -> bool:
    if type(value) is not bool:
        raise _refused(value, "true or false")
    return value


def _lower_text(value: Any) -> str:
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    raise _refused(value, "text")


def _lower_decimal(value: Any) -> str:
    if not isinstance(value, Decimal):
        raise _refused(value, "a decimal")
    if not value.is_finite() or (value.is_zero() and value.is_signed()):
        raise CanonicalError(
            "", f"`{value}` is not a quantity", "send a finite number, and zero without a sign"
        )
    return _shortest_decimal(value) if value else "0"


def _shortest_decimal(value: Decimal) -> str:
    """Write without trailing zeros, so that 1.50 and 1.5 share their bytes; `normalize` would round."""
    sign, digits, exponent = value.as_tuple()
    kept = "".join(map(str, digits)).rstrip("0")
    power = int(exponent) + len(digits) - len(kept)
    shortest = Decimal((sign, tuple(map(int, kept)), power))
    return format(shortest, "f") if abs(power) <= _PLAIN_POWER else str(shortest)


def _lower_date(value: Any) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _refused(value, "a date")
    return value.isoformat()


def _lower_datetime(value: Any) -> str:
    if not isinstance(value, datetime):
        raise _refused(value, "a time")
    return value.isoformat()


def _lower_none(value: Any) -> None:
    if value is not None:
        raise _refused(value, "nothing")


def _lower_by_value(kind: Any) -> Lowering:
    """Serve ``Any`` and ``object``, and subclasses of the scalars such as numpy's float64."""
    if kind in (Any, object):
        return _lower_any
    for ancestor in getattr(kind, "__mro__", ()):
        if ancestor in _SCALARS:
            return _SCALARS[ancestor]
    return _lower_refused


def _lower_any(value: Any) -> Any:
    return _lowering(type(value))(value)


def _lower_refused(value: Any) -> Any:
    raise _refused(value, "a dataclass, tuple, mapping, enumeration, number, text or date")


def _refused(value: Any, wanted: str) -> CanonicalError:
    return CanonicalError("", f"a {type(value).__name__} has no canonical form here", f"use {wanted}")


_SCALARS: dict[Any, Lowering] = {
    str: _lower_text,
    float: _lower_float,
    int: _lower_int,
    bool: _lower_bool,
    Decimal: _lower_decimal,
    date: _lower_date,
    datetime: _lower_datetime,
    types.NoneType: _lower_none,
}
