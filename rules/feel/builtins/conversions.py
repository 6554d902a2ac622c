"""
Conversion functions and dates: DMN 1.3, 10.3.4.1 and 10.3.4.7, and contexts.

`now()` and `today()` do not exist: a decision reads no clock, it gets `as_of` as a fact.
"""

import decimal
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from rules.feel import temporal
from rules.feel.builtins.signature import Builtin, integer, optional, required
from rules.feel.operators import bounded_text, negation
from rules.feel.values import NUMBERS, FeelType, Range, Value, YearMonthDuration, type_of

_LONGEST_NUMBER = 100
_FROM = required("from", FeelType.ANY)


def _date(first: Any, month: Decimal | None = None, day: Decimal | None = None) -> Value:
    """From a text, a point in time, or year, month and day."""
    if month is not None or day is not None:
        return _date_of(first, month, day)
    if isinstance(first, datetime):
        return first.date()
    if isinstance(first, str):
        return temporal.parse_date(first)
    return first if isinstance(first, date) else None


def _date_of(*parts: Any) -> Value:
    numbers = [integer(part) if type(part) is Decimal else None for part in parts]
    if None in numbers:
        return None
    try:
        return date(*numbers)  # type: ignore[arg-type]  # no None among them
    except ValueError:
        return None


def _date_and_time(first: Any, clock: time | None = None) -> Value:
    """From a text, or a date and a time."""
    if clock is not None:
        return datetime.combine(first, clock) if isinstance(first, date) else None
    if isinstance(first, str):
        return temporal.parse_date_time(first)
    if isinstance(first, datetime):
        return first
    return datetime.combine(first, time()) if isinstance(first, date) else None


def _time(
    first: Any, minute: Decimal | None = None, second: Decimal | None = None, offset: Any = None
) -> Value:
    """From a text, a point in time, or hour, minute, second and offset."""
    if minute is not None or second is not None:
        return _time_of(first, minute, second, offset)
    if isinstance(first, datetime):
        return first.timetz()
    if isinstance(first, date):
        return time(tzinfo=UTC)
    return (
        temporal.parse_time(first) if isinstance(first, str) else first if isinstance(first, time) else None
    )


def _time_of(hour: Any, minute: Any, second: Any, offset: Any) -> Value:
    if not all(type(part) is Decimal for part in (hour, minute, second)):
        return None
    whole = second.to_integral_value(decimal.ROUND_FLOOR)
    parts = [integer(part) for part in (hour, minute, whole)]
    zone = temporal.zone_of(offset) if isinstance(offset, timedelta) else None
    if None in parts or (offset is not None and zone is None):
        return None
    try:
        return time(parts[0], parts[1], parts[2], int((second - whole).scaleb(6)), zone)  # type: ignore[arg-type]  # no None
    except ValueError:
        return None


def _number(text: Any, grouping: str | None = None, point: str | None = None) -> Value:
    """From a text; separators are a blank, comma or period, and differ."""
    if type(text) is Decimal:
        return text
    if not isinstance(text, str) or grouping not in {None, " ", ",", "."} or point not in {None, ",", "."}:
        return None
    if grouping is not None and grouping == (point or "."):
        return None
    plain = text.replace(grouping, "") if grouping else text
    plain = plain.replace(point, ".") if point else plain
    if len(plain) > _LONGEST_NUMBER or not plain or not set(plain) <= set("0123456789.+-eE"):
        return None
    try:
        return NUMBERS.create_decimal(plain)
    except decimal.DecimalException:
        return None


def _string(value: Value) -> Value:
    return None if value is None else bounded_text(written(value, top=True))


def written(value: Any, *, top: bool = False) -> str:
    """The canonical text of a value; a text inside another value keeps its quotes."""
    if isinstance(value, str):
        return value if top else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _WRITERS.get(type_of(value), lambda _: "function")(value)


def _write_range(value: Range) -> str:
    low, high = written(value.low), written(value.high)
    return f"{'[' if value.low_closed else '('}{low}..{high}{']' if value.high_closed else ')'}"


_WRITERS: Mapping[FeelType, Callable[[Any], str]] = {
    FeelType.NULL: lambda _: "null",
    FeelType.BOOLEAN: lambda value: "true" if value else "false",
    FeelType.NUMBER: lambda value: format(value, "f"),
    FeelType.DATE: date.isoformat,
    FeelType.TIME: temporal.format_time,
    FeelType.DATE_TIME: temporal.format_time,
    FeelType.DAYS_DURATION: temporal.format_duration,
    FeelType.MONTHS_DURATION: temporal.format_duration,
    FeelType.LIST: lambda value: "[" + ", ".join(map(written, value)) + "]",
    FeelType.CONTEXT: lambda value: "{" + ", ".join(f"{k}: {written(v)}" for k, v in value.items()) + "}",
    FeelType.RANGE: _write_range,
}


def _duration(text: str) -> Value:
    return temporal.parse_duration(text)


def _months_between(start: date, end: date) -> Value:
    """Whole months from one date to another, towards zero."""
    if not isinstance(start, date) or not isinstance(end, date):
        return None
    sign, first, last = (1, start, end) if _day(start) <= _day(end) else (-1, end, start)
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    return YearMonthDuration(sign * months)


def _day(point: date) -> date:
    return point.date() if isinstance(point, datetime) else point


def _day_of_year(point: Value) -> Value:
    return Decimal(point.timetuple().tm_yday) if isinstance(point, date) else None


def _week_of_year(point: Value) -> Value:
    return Decimal(point.isocalendar().week) if isinstance(point, date) else None


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _day_of_week(point: Value) -> Value:
    return _DAYS[point.weekday()] if isinstance(point, date) else None


def _month_of_year(point: Value) -> Value:
    return _MONTHS[point.month - 1] if isinstance(point, date) else None


def _entries(context: Mapping[str, Value]) -> Value:
    return tuple({"key": key, "value": value} for key, value in context.items())


_CONTEXT = required("m", FeelType.CONTEXT)
CONVERSIONS: Mapping[str, Builtin] = {
    "date": Builtin((_FROM, optional("month", FeelType.NUMBER), optional("day", FeelType.NUMBER)), _date),
    "date and time": Builtin((_FROM, optional("time", FeelType.TIME)), _date_and_time),
    "time": Builtin(
        (
            _FROM,
            optional("minute", FeelType.NUMBER),
            optional("second", FeelType.NUMBER),
            optional("offset", FeelType.DAYS_DURATION),
        ),
        _time,
    ),
    "number": Builtin(
        (
            _FROM,
            optional("grouping separator", FeelType.TEXT),
            optional("decimal separator", FeelType.TEXT),
        ),
        _number,
    ),
    "string": Builtin((_FROM,), _string),
    "duration": Builtin((required("from", FeelType.TEXT),), _duration),
    "years and months duration": Builtin((_FROM, required("to", FeelType.ANY)), _months_between),
    "not": Builtin((required("negand", FeelType.ANY),), negation),
    "day of year": Builtin((required("date", FeelType.ANY),), _day_of_year),
    "day of week": Builtin((required("date", FeelType.ANY),), _day_of_week),
    "month of year": Builtin((required("date", FeelType.ANY),), _month_of_year),
    "week of year": Builtin((required("date", FeelType.ANY),), _week_of_year),
    "get value": Builtin((_CONTEXT, required("key", FeelType.TEXT)), lambda context, key: context.get(key)),
    "get entries": Builtin((_CONTEXT,), _entries),
}
