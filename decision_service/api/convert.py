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
    readers, required = {}, []
    for field in dataclasses.fields(kind):
        name = wire_name(kind, field.name)
        wire = _field(kind, descriptor, name)
        read = _reader(hints[field.name], wire, _PAIRS.get((kind, field.name)))
        readers[wire.number] = (field.name, name, read, wire.has_presence)
        if _required(field):
            required.append((field.name, name, read))

    def parse_message(message: Any) -> Any:
        values: dict[str, Any] = {}
        name = ""
        try:
            for wire, value in message.ListFields():  # only what is there: most of a stage is not
                known = readers.get(wire.number)
                if known is None:
                    continue
                attribute, name, read, has_presence = known
                if value or has_presence:  # a minus zero is listed, and is as absent as a zero
                    values[attribute] = value if read is None else read(value)
            for attribute, name, read in required:
                if attribute not in values:
                    value = getattr(message, name)
                    values[attribute] = value if read is None else read(value)
        except InvalidRequestError as error:
            raise _inside(name, error) from None
        return kind(**values)

    return parse_message


def _field(kind: type[Any], descriptor: Descriptor, name: str) -> FieldDescriptor:
    if name not in descriptor.fields_by_name:
        raise TypeError(f"{descriptor.full_name} has no field `{name}` for {kind.__name__}")
    return descriptor.fields_by_name[name]


def _required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


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
    texts, writers = [], []
    for field in dataclasses.fields(kind):
        name = wire_name(kind, field.name)
        wire = _field(kind, descriptor, name)
        pair = _PAIRS.get((kind, field.name))
        if hints[field.name] is str and not wire.has_presence:
            texts.append((field.name, name))
        else:
            writers.append((field.name, _writer(hints[field.name], name, wire, pair)))

    def render_message(value: Any, message: Any) -> None:
        for attribute, name in texts:  # most fields: spared the call, and nothing where they are empty
            if content := getattr(value, attribute):
                setattr(message, name, content)
        for attribute, write in writers:
            content = getattr(value, attribute)
            if content is not None:
                write(content, message)

    return render_message


def _writer(hint: Any, name: str, wire: FieldDescriptor, pair: tuple[str, str] | None) -> _Render:
    origin = typing.get_origin(hint)
    if pair:
        return lambda values, message: _add_pairs(values, getattr(message, name), pair)
    if origin is tuple:
        return _unless_empty(_tuple_writer(typing.get_args(hint)[0], name, wire))
    if origin in (Mapping, dict):
        return _unless_empty(lambda values, message: _put(values, getattr(message, name)))
    return _scalar_writer(_strip_none(hint), name, wire)


def _unless_empty(write: _Render) -> _Render:
    """Nothing is said by a list without elements; most are."""
    return lambda values, message: write(values, message) if values else None


def _put(values: Mapping[Any, Any], target: Any) -> None:
    """What `update` does, which first asks what it was given."""
    for key, value in values.items():
        target[key] = value


def _add_pairs(values: Any, target: Any, pair: tuple[str, str]) -> None:
    for value in values:
        target.add(**dict(zip(pair, value, strict=True)))


def _tuple_writer(hint: Any, name: str, wire: Any) -> _Render:
    if _is_dataclass(hint):
        write = _renderer(hint, wire.message_type)

        def add(values: Any, message: Any) -> None:
            target = getattr(message, name)
            for value in values:
                write(value, target.add())

        return add
    if hint is date:
        return lambda values, message: getattr(message, name).extend([v.isoformat() for v in values])
    return lambda values, message: getattr(message, name).extend(values)


def _scalar_writer(hint: Any, name: str, wire: Any) -> _Render:
    if _is_dataclass(hint):
        write = _renderer(hint, wire.message_type)

        def fill(value: Any, message: Any) -> None:
            target = getattr(message, name)
            target.SetInParent()
            write(value, target)

        return fill
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        prefix, numbers = _prefix(wire.enum_type), {v.name: v.number for v in wire.enum_type.values}
        return lambda value, message: setattr(message, name, numbers[prefix + value.value])
    if hint is date:
        return lambda value, message: setattr(message, name, value.isoformat())
    if hint is datetime:
        return lambda value, message: write_time(value, getattr(message, name))
    return lambda value, message: setattr(message, name, value)


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
