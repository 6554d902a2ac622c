"""
Protobuf <-> domain, the only place where the two meet.

Messages and dataclasses carry the same field names, so the conversion follows from the two
schemas; it is compiled once per type and refuses to start where they differ. An absent field
means the dataclass's default; enums lose their prefix; days are ISO strings on the wire.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from decision_service.errors import FieldViolation, InvalidRequestError
from optimization.network import Lane, Snapshot

_Parse = Callable[[Any], Any]
_Render = Callable[[Any, Any], None]

# Where the domain's word differs from the wire's: an `Exception` is a Finding in the engines.
_WIRE_NAMES = {(Snapshot, "findings"): "exceptions"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAIRS = {(Lane, "lead_time_distribution"): ("days", "probability")}


def parse(message: Message, kind: Any, path: str = "") -> Any:
    """
    The domain object that a message stands for.

    Raises
    ------
    InvalidRequestError
        A value that the domain cannot hold, named by its path.
    """
    try:
        return _parser(kind, message.DESCRIPTOR)(message)
    except InvalidRequestError as error:
        raise _inside(path, error) from None


def render(value: Any, message: Any) -> Any:
    """Fill a message from a domain object and return it."""
    kind: Any = type(value)
    _renderer(kind, message.DESCRIPTOR)(value, message)
    return message


def parse_time(stamp: Any) -> datetime:
    """A Timestamp as a datetime in UTC."""
    try:
        return typing.cast("datetime", stamp.ToDatetime(UTC))
    except (ValueError, OverflowError):
        raise refuse("(timestamp)", "not between the years 1 and 9999") from None


def wire_name(kind: type[Any], name: str) -> str:
    """The protobuf name of a domain field."""
    return _WIRE_NAMES.get((kind, name), name)


def refuse(path: str, description: str) -> InvalidRequestError:
    """A complaint about one field."""
    return InvalidRequestError((FieldViolation(path, description),))


def _inside(path: str, error: InvalidRequestError) -> InvalidRequestError:
    """The same complaint seen from further out."""
    return InvalidRequestError(
        tuple(FieldViolation(_joined(path, v.field), v.description) for v in error.violations), error.reason
    )


def _joined(path: str, rest: str) -> str:
    return f"{path}.{rest}" if path and rest and not rest.startswith("[") else path + rest


# --- message -> domain -----------------------------------------------------------------------


@cache
def _parser(kind: Any, descriptor: Descriptor) -> _Parse:
    hints = typing.get_type_hints(kind)
    readers: dict[str, tuple[_Parse, bool]] = {}
    known: dict[str, Any] = {"kind": kind, "InvalidRequestError": InvalidRequestError}
    given = []
    for field in dataclasses.fields(kind):
        wire = _field(kind, descriptor, wire_name(kind, field.name))
        read = _reader(hints[field.name], wire, _PAIRS.get((kind, field.name)))
        if read is not None:
            known[f"read_{wire.name}"] = read
            readers[wire.name] = (read, _is_required(field))
        given.append(f"            {field.name}={_reading(field, wire, known)},")
    known["find"] = lambda message, error: _find(message, readers, error)
    return typing.cast("_Parse", _written("parse_message", (*_PARSE, *given, *_PARSED), known))


_PARSE = ("def parse_message(message):", "    try:", "        return kind(")
_PARSED = ("        )", "    except InvalidRequestError as error: raise find(message, error) from None")


def _reading(field: "dataclasses.Field[Any]", wire: FieldDescriptor, known: dict[str, Any]) -> str:
    """The expression for one field; an absent one is the default, and a minus zero is as absent as a zero."""
    name = wire.name
    take = f"read_{name}" if f"read_{name}" in known else ""
    if _is_required(field):
        return f"{take}(message.{name})"
    if field.default is dataclasses.MISSING:
        default, known[f"default_{name}"] = f"default_{name}()", field.default_factory
    else:
        default, known[f"default_{name}"] = f"default_{name}", field.default
    if wire.has_presence:
        return f"{take}(message.{name}) if message.HasField({name!r}) else {default}"
    return f"{take}(part) if (part := message.{name}) else {default}"


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _find(
    message: Any, readers: Mapping[str, tuple[_Parse, bool]], error: InvalidRequestError
) -> InvalidRequestError:
    """The complaint with the name of its field: of the first that is there, else of the first that should be."""
    there = [wire.name for wire, _ in message.ListFields() if wire.name in readers]
    for name in (*there, *(name for name, (_, is_required) in readers.items() if is_required)):
        try:
            readers[name][0](getattr(message, name))
        except InvalidRequestError as found:
            return _inside(name, found)
    return error


def _written(name: str, lines: tuple[str, ...], known: dict[str, Any]) -> Any:
    """A function written out field by field, as `dataclasses` writes `__init__`: a loop takes twice the time."""
    exec("\n".join(lines), known)  # noqa: S102 - made of the names of fields, which are identifiers
    return known[name]


def _field(kind: type[Any], descriptor: Descriptor, name: str) -> FieldDescriptor:
    if name not in descriptor.fields_by_name:
        raise TypeError(f"{descriptor.full_name} has no field `{name}` for {kind.__name__}")
    return descriptor.fields_by_name[name]


def _reader(hint: Any, wire: FieldDescriptor, pair: tuple[str, str] | None) -> _Parse | None:
    """How a value is read; None for one that is taken as it is."""
    origin = typing.get_origin(hint)
    if pair:
        return lambda values: tuple(tuple(getattr(v, n) for n in pair) for v in values)
    if origin is tuple:
        return _tuple_reader(typing.get_args(hint)[0], wire)
    if origin in (Mapping, dict):
        return dict
    return _scalar_reader(_strip_none(hint), wire)


def _tuple_reader(hint: Any, wire: FieldDescriptor) -> _Parse:
    read = None if hint in (str, float, int) else _scalar_reader(hint, wire)
    if read is None:
        return tuple

    def read_each(values: Any) -> tuple[Any, ...]:
        try:
            return tuple([read(value) for value in values])
        except InvalidRequestError:
            raise _located(read, values) from None

    return read_each


def _located(read: _Parse, values: Any) -> InvalidRequestError:
    """The complaint with its place in the list; only a refusal pays for knowing it."""
    for place, value in enumerate(values):
        try:
            read(value)
        except InvalidRequestError as error:
            return _inside(f"[{place}]", error)
    raise AssertionError("a value was refused a moment ago")  # pragma: no cover


def _scalar_reader(hint: Any, wire: FieldDescriptor) -> _Parse | None:
    if _is_dataclass(hint):
        return _parser(hint, wire.message_type)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _enum_reader(hint, wire.enum_type)
    if hint is date:
        return _read_date
    if hint is datetime:
        return parse_time
    return None


def _enum_reader(kind: type[StrEnum], wire: Any) -> _Parse:
    members = {v.number: kind(v.name.removeprefix(_prefix(wire))) for v in wire.values if v.number}

    def read(value: int) -> StrEnum:
        if value not in members:
            raise refuse("", f"must be one of {', '.join(members.values())}")
        return members[value]

    return read


def _read_date(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise refuse("", f"`{value[:40]}` is not a day; write YYYY-MM-DD") from None


# --- domain -> message -----------------------------------------------------------------------


@cache
def _renderer(kind: Any, descriptor: Descriptor) -> _Render:
    hints = typing.get_type_hints(kind)
    known: dict[str, Any] = {}
    lines = ["def render_message(value, message):"]
    for field in dataclasses.fields(kind):
        wire = _field(kind, descriptor, wire_name(kind, field.name))
        lines.append(f"    part = value.{field.name}")
        lines += _writing(hints[field.name], wire, _PAIRS.get((kind, field.name)), known)
    return typing.cast("_Render", _written("render_message", tuple(lines), known))


def _writing(
    hint: Any, wire: FieldDescriptor, pair: tuple[str, str] | None, known: dict[str, Any]
) -> tuple[str, ...]:
    """Lines that write one part; nothing is said by an empty text, nor by a list without elements, and most are."""
    name, origin = wire.name, typing.get_origin(hint)
    if pair:
        known[f"write_{name}"] = lambda values, message: _add_pairs(values, getattr(message, name), pair)
        return (f"    if part: write_{name}(part, message)",)
    if origin is tuple:
        return _writing_each(typing.get_args(hint)[0], wire, known)
    if origin in (Mapping, dict):
        return (
            "    if part:",
            f"        target = message.{name}",
            "        for key, said in part.items(): target[key] = said",
        )
    if hint is str and not wire.has_presence:
        return (f"    if part: message.{name} = part",)
    return _writing_one(_strip_none(hint), wire, known)


def _add_pairs(values: Any, target: Any, pair: tuple[str, str]) -> None:
    for value in values:
        target.add(**dict(zip(pair, value, strict=True)))


def _writing_each(hint: Any, wire: FieldDescriptor, known: dict[str, Any]) -> tuple[str, ...]:
    name = wire.name
    if _is_dataclass(hint):
        known[f"write_{name}"] = _renderer(hint, wire.message_type)
        return (
            "    if part:",
            f"        add = message.{name}.add",
            f"        for each in part: write_{name}(each, add())",
        )
    each = "[each.isoformat() for each in part]" if hint is date else "part"
    return (f"    if part: message.{name}.extend({each})",)


def _writing_one(hint: Any, wire: FieldDescriptor, known: dict[str, Any]) -> tuple[str, ...]:
    name = wire.name
    if _is_dataclass(hint):
        known[f"write_{name}"] = _renderer(hint, wire.message_type)
        return (
            "    if part is not None:",
            f"        target = message.{name}",
            "        target.SetInParent()",
            f"        write_{name}(part, target)",
        )
    if hint is datetime:
        known["write_time"] = write_time
        return (f"    if part is not None: write_time(part, message.{name})",)
    written = "part"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        kind: Any = wire.enum_type
        numbers, written = {v.name: v.number for v in kind.values}, f"number_{name}[part]"
        known[f"number_{name}"] = {member: numbers[_prefix(kind) + member.value] for member in hint}
    elif hint is date:
        written = "part.isoformat()"
    return (f"    if part is not None: message.{name} = {written}",)


def write_time(value: datetime, stamp: Any) -> None:
    """What `FromDatetime` writes, without a way through the calendar."""
    since = value - _EPOCH
    stamp.seconds, stamp.nanos = since.days * 86_400 + since.seconds, since.microseconds * 1000


def _is_dataclass(hint: Any) -> bool:
    return dataclasses.is_dataclass(hint)


# --- names -----------------------------------------------------------------------------------


def _prefix(wire: Any) -> str:
    """`LANE_KIND_` of `LaneKind`: what the zero value's name ends in UNSPECIFIED with."""
    return str(wire.values_by_number[0].name).removesuffix("UNSPECIFIED")


def _strip_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return next(a for a in typing.get_args(hint) if a is not type(None))
    return hint
