"""
Frozen dataclasses to canonical JSON and back.

The bytes follow the declared types, not the values that happen to be there: a field declared
``float`` writes ``5`` and ``5.0`` alike, so equal objects have equal digests. A float is written
as the shortest decimal string that reads back as the same float; a ``Decimal`` as its string, a
date in ISO form, an enumeration as its value, a tuple as an array. Fields that hold their default
are left out: a field added later, with a default, leaves old digests as they are.

One lowering function per type is built on first use and kept; this is what makes a snapshot of
5,000 lanes cheap. That of a dataclass is written out field by field, as `dataclasses` writes `__init__`:
a loop over the fields takes twice the time, and these bytes are a sixth of a judgement.
"""

import dataclasses
import threading
import types
import typing
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any, TypeVar

import msgspec
import orjson

from audit.canonical.scalars import SCALARS, Lowering, lower_text, refused
from audit.errors import CanonicalError

T = TypeVar("T")
_UNSET = object()
_IN_ORDER = orjson.OPT_SORT_KEYS  # of UTF-8, which is that of UTF-16 as far as ASCII goes


def encode_object(value: Any) -> bytes:
    """
    Canonical bytes of a frozen dataclass (or of a tuple or mapping of them).

    Raises
    ------
    CanonicalError
        For NaN, infinities, negative zero and types without a canonical form, with their path.
    """
    try:
        return orjson.dumps(_lowering(type(value))(value), option=_IN_ORDER)
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
    return SCALARS.get(origin) or _lower_by_value(origin)


def _lower_dataclass(kind: type) -> Lowering:
    """Return a function that writes the fields in key order, those with their default left out."""
    hints = typing.get_type_hints(kind)
    fields = sorted(dataclasses.fields(kind), key=lambda field: _utf16(field.name))
    lowerings = {field.name: _lowering(hints[field.name]) for field in fields}

    def refuse(value: Any) -> CanonicalError:
        if type(value) is not kind:
            return refused(value, f"a {kind.__name__}")
        return _inside_field(value, lowerings)

    known: dict[str, Any] = {"kind": kind, "refuse": refuse, "CanonicalError": CanonicalError}
    lines = [line for place, field in enumerate(fields) for line in _steps(field, lowerings, place, known)]
    source = "\n".join((*_HEAD, *lines, *_TAIL))
    exec(source, known)  # noqa: S102 - made of the names of fields, which are identifiers
    written: Lowering = known["lower_object"]
    return written


_HEAD = (
    "def lower_object(value):",
    "    if type(value) is not kind: raise refuse(value)",
    "    lowered = {}",
    "    try:",
)
_TAIL = (
    "    except CanonicalError: raise refuse(value) from None",
    "    return lowered",
)


def _steps(
    field: "dataclasses.Field[Any]", lowerings: Mapping[str, Lowering], place: int, known: dict[str, Any]
) -> list[str]:
    """Lines that lower one field; what they speak of goes to what is known."""
    name, lower, default = field.name, f"lower_{place}", _default(field)
    known[lower] = lowerings[name]
    # most of them are text, and spared the call
    plain = (
        f"part if type(part) is str else {lower}(part)" if known[lower] is lower_text else f"{lower}(part)"
    )
    if default is _UNSET:
        return [f"        part = value.{name}", f"        lowered[{name!r}] = {plain}"]
    known[f"default_{place}"], known[f"lowered_{place}"] = default, known[lower](default)
    return [
        f"        part = value.{name}",
        f"        if part is not default_{place}:",
        f"            plain = {plain}",
        f"            if plain != lowered_{place}: lowered[{name!r}] = plain",
    ]


def _inside_field(value: Any, lowerings: Mapping[str, Lowering]) -> CanonicalError:
    """Find the field that was refused; only a failure pays for knowing its place."""
    for name, lower in lowerings.items():
        try:
            lower(getattr(value, name))
        except CanonicalError as error:
            return error.inside(name)
    raise AssertionError("a field was refused a moment ago")  # pragma: no cover


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
    if uniform and _lowering(arguments[0]) is lower_text:
        return _lower_texts
    each = _lowering(arguments[0]) if uniform else _lower_any
    fixed = tuple(map(_lowering, arguments)) if arguments and not uniform else ()

    def lower_sequence(value: Any) -> list[Any]:
        if type(value) is not tuple and not isinstance(value, tuple | list):
            raise refused(value, "a tuple")
        try:
            return (
                [lower(item) for lower, item in zip(fixed, value, strict=True)]
                if fixed
                else [*map(each, value)]
            )
        except CanonicalError:
            raise _located(value, fixed or (each,) * len(value)) from None

    return lower_sequence


def _lower_texts(value: Any) -> tuple[str, ...]:
    if type(value) is tuple and {*map(type, value)} <= _TEXT:
        return value
    if not isinstance(value, tuple | list):
        raise refused(value, "a tuple")
    try:
        return (*map(lower_text, value),)
    except CanonicalError:
        raise _located(value, (lower_text,) * len(value)) from None


_TEXT = frozenset({str})


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

    def lower_mapping(value: Any) -> Any:
        if type(value) is not dict and not isinstance(value, Mapping):
            raise refused(value, "a mapping")
        lowered = {}
        for key, part in value.items():
            try:
                lowered[_lower_key(key)] = lower(part)
            except CanonicalError as error:
                raise error.inside(f"[{key}]") from None
        return lowered if "".join(lowered).isascii() else _in_order_of_utf16(lowered)

    def lower_texts(value: Any) -> Any:
        is_plain = type(value) is dict and {*map(type, value), *map(type, value.values())} <= _TEXT
        return value if is_plain and "".join(value).isascii() else lower_mapping(value)

    return lower_texts if lower is lower_text else lower_mapping


def _in_order_of_utf16(lowered: Mapping[str, Any]) -> orjson.Fragment:
    """Beyond ASCII the order that is asked for is not that in which orjson writes."""
    keys = sorted(lowered, key=_utf16)
    members = [orjson.dumps(key) + b":" + orjson.dumps(lowered[key], option=_IN_ORDER) for key in keys]
    return orjson.Fragment(b"{" + b",".join(members) + b"}")


def _lower_key(key: Any) -> str:
    if type(key) is str:
        return key
    if isinstance(key, str):
        return str.__str__(key)
    if type(key) is int:
        return str(key)
    if isinstance(key, date):
        return key.isoformat()
    raise refused(key, "text, an integer or a date as key")


def _utf16(key: str) -> bytes:
    """Sort key of RFC 8785 section 3.2.3: UTF-16 code units."""
    return key.encode("utf-16-be", "surrogatepass")


def _lower_enum(kind: type[Enum]) -> Lowering:
    lowered = {member: member.value for member in kind}

    def lower_enum(value: Any) -> Any:
        try:
            return lowered[value]
        except (KeyError, TypeError):
            raise refused(value, f"a {kind.__name__}") from None

    return lower_enum


def _lower_by_value(kind: Any) -> Lowering:
    """Serve ``Any`` and ``object``, and subclasses of the scalars such as numpy's float64."""
    if kind in (Any, object):
        return _lower_any
    for ancestor in getattr(kind, "__mro__", ()):
        if ancestor in SCALARS:
            return SCALARS[ancestor]
    return _lower_refused


def _lower_any(value: Any) -> Any:
    return _lowering(type(value))(value)


def _lower_refused(value: Any) -> Any:
    raise refused(value, "a dataclass, tuple, mapping, enumeration, number, text or date")
