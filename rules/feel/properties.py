"""What stands behind a dot: components of contexts, and parts of dates, times, durations, ranges."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from rules.feel.values import FeelType, Range, Value, YearMonthDuration, type_of

_DAY: Mapping[str, Callable[[date], Value]] = {
    "year": lambda value: Decimal(value.year),
    "month": lambda value: Decimal(value.month),
    "day": lambda value: Decimal(value.day),
    "weekday": lambda value: Decimal(value.isoweekday()),
}
_CLOCK: Mapping[str, Callable[[Any], Value]] = {
    "hour": lambda value: Decimal(value.hour),
    "minute": lambda value: Decimal(value.minute),
    "second": lambda value: Decimal(value.second),
    "time offset": lambda value: value.utcoffset(),
}
_DURATION: Mapping[str, Callable[[timedelta], Value]] = {
    "days": lambda value: Decimal(_split(value)[0]),
    "hours": lambda value: Decimal(_split(value)[1]),
    "minutes": lambda value: Decimal(_split(value)[2]),
    "seconds": lambda value: Decimal(_split(value)[3]),
}
_MONTHS: Mapping[str, Callable[[YearMonthDuration], Value]] = {
    "years": lambda value: Decimal(int(value.months / 12)),
    "months": lambda value: Decimal(abs(value.months) % 12 * (-1 if value.months < 0 else 1)),
}
_RANGE: Mapping[str, Callable[[Range], Value]] = {
    "start": lambda value: value.low,
    "end": lambda value: value.high,
    "start included": lambda value: value.low_closed,
    "end included": lambda value: value.high_closed,
}
_PARTS: Mapping[FeelType, Mapping[str, Callable[[Any], Value]]] = {
    FeelType.DATE: _DAY,
    FeelType.TIME: _CLOCK,
    FeelType.DATE_TIME: {**_DAY, **_CLOCK},
    FeelType.DAYS_DURATION: _DURATION,
    FeelType.MONTHS_DURATION: _MONTHS,
    FeelType.RANGE: _RANGE,
}
NAMES = tuple(sorted({name for parts in _PARTS.values() for name in parts if " " in name}))


def component(value: Any, name: str) -> Value:
    """`value.name`: of each element when the value is a list, null when there is none."""
    kind = type_of(value)
    if kind is FeelType.CONTEXT:
        found: Value = value.get(name)
        return found
    if kind is FeelType.LIST:
        return tuple(component(item, name) for item in value)
    part = _PARTS.get(kind, {}).get(name)
    return None if part is None else part(value)


def _split(value: timedelta) -> tuple[int, int, int, int]:
    """Days, hours, minutes, whole seconds; all with the sign of the duration."""
    sign, size = (-1, -value) if value < timedelta() else (1, value)
    minutes, second = divmod(size.seconds, 60)
    hour, minute = divmod(minutes, 60)
    return sign * size.days, sign * hour, sign * minute, sign * second
