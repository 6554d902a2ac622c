"""
What the operators mean: DMN 1.3, tables 42 to 61.

Everything is total: an operation without a meaning is null, and null travels. Logic is
three-valued, so `not(null)` is null and `false and null` is false (table 50).
"""

import calendar
import decimal
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from rules.feel.errors import EffortError
from rules.feel.values import NUMBERS, ORDERED, FeelType, Range, Value, YearMonthDuration, type_of

Operator: TypeAlias = Callable[[Value, Value], Value]
LONGEST_TEXT_VALUE = 1_000_000
_SECONDS_PER_DAY = 86400
_PLAIN = frozenset({str, Decimal, bool, date})  # nearly all that is compared: equal as Python sees it


def conjunction(left: Value, right: Value) -> bool | None:
    """Three-valued `and`: false wins over null; anything but a boolean counts as null."""
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


def disjunction(left: Value, right: Value) -> bool | None:
    """Three-valued `or`: true wins over null."""
    if left is True or right is True:
        return True
    return False if left is False and right is False else None


def negation(value: Value) -> bool | None:
    """Three-valued `not`."""
    return not value if isinstance(value, bool) else None


def equal(left: Value, right: Value) -> bool | None:
    """`=`: null equals null only; values of different types are not comparable (null)."""
    if type(left) is type(right) and type(left) in _PLAIN:
        return left == right
    if left is None or right is None:
        return left is right
    kind = type_of(left)
    if kind is not type_of(right):
        return None
    if kind is FeelType.LIST:
        return _equal_lists(left, right)
    if kind is FeelType.CONTEXT:
        return _equal_contexts(left, right)
    return left == right


def _equal_lists(left: Any, right: Any) -> bool:
    return len(left) == len(right) and all(equal(a, b) is True for a, b in zip(left, right, strict=True))


def _equal_contexts(left: Any, right: Any) -> bool:
    return left.keys() == right.keys() and all(equal(left[key], right[key]) is True for key in left)


def unequal(left: Value, right: Value) -> bool | None:
    """`!=`: the negation of `=`."""
    return negation(equal(left, right))


def comparable(left: Value, right: Value) -> bool:
    """Whether `<` has a meaning: one ordered type, and both or neither with a time zone."""
    kind = type_of(left)
    if kind is not type_of(right) or kind not in ORDERED:
        return False
    if isinstance(left, datetime | time) and isinstance(right, datetime | time):
        return (left.tzinfo is None) == (right.tzinfo is None)
    return True


def less(left: Any, right: Any) -> bool | None:
    """`<`."""
    return left < right if comparable(left, right) else None


def less_or_equal(left: Any, right: Any) -> bool | None:
    """`<=`."""
    return left <= right if comparable(left, right) else None


def greater(left: Any, right: Any) -> bool | None:
    """`>`."""
    return left > right if comparable(left, right) else None


def greater_or_equal(left: Any, right: Any) -> bool | None:
    """`>=`."""
    return left >= right if comparable(left, right) else None


def between(value: Value, low: Value, high: Value) -> bool | None:
    """`value between low and high`, both ends included."""
    return conjunction(greater_or_equal(value, low), less_or_equal(value, high))


def within(value: Value, interval: Range) -> bool | None:
    """`value in interval`; an end that is null by computation makes the answer null."""
    above = greater_or_equal if interval.low_closed else greater
    below = less_or_equal if interval.high_closed else less
    return conjunction(above(value, interval.low), below(value, interval.high))


def add(left: Any, right: Any) -> Value:
    """`+`: numbers, texts, durations, and a date moved by a duration (table 45)."""
    if type(left) is Decimal and type(right) is Decimal:
        return _number(NUMBERS.add, left, right)
    if isinstance(left, str) and isinstance(right, str):
        return bounded_text(left + right)
    if isinstance(left, YearMonthDuration) and isinstance(right, YearMonthDuration):
        return YearMonthDuration(left.months + right.months)
    if isinstance(right, date | time):
        left, right = right, left
    if isinstance(left, timedelta | date | time):
        return _move(left, right)
    return None


def subtract(left: Any, right: Any) -> Value:
    """`-`: numbers, durations, two points in time, and a date moved back."""
    if type(left) is Decimal and type(right) is Decimal:
        return _number(NUMBERS.subtract, left, right)
    if isinstance(left, YearMonthDuration) and isinstance(right, YearMonthDuration):
        return YearMonthDuration(left.months - right.months)
    if isinstance(left, date | time) and isinstance(right, date | time):
        return _distance(left, right)
    if isinstance(right, YearMonthDuration | timedelta):
        return add(left, negate(right))
    return None


def multiply(left: Any, right: Any) -> Value:
    """`*`: numbers, and a duration scaled by a number."""
    if type(left) is Decimal and type(right) is Decimal:
        return _number(NUMBERS.multiply, left, right)
    if type(left) is Decimal:
        left, right = right, left
    return _scale(left, right, NUMBERS.multiply) if type(right) is Decimal else None


def divide(left: Any, right: Any) -> Value:
    """`/`: numbers, a duration by a number, and the ratio of two durations; by zero it is null."""
    if type(left) is Decimal and type(right) is Decimal:
        return _number(NUMBERS.divide, left, right)
    if type(right) is Decimal:
        return _scale(left, right, NUMBERS.divide)
    if isinstance(left, YearMonthDuration) and isinstance(right, YearMonthDuration):
        return _number(NUMBERS.divide, Decimal(left.months), Decimal(right.months))
    if isinstance(left, timedelta) and isinstance(right, timedelta):
        return _number(NUMBERS.divide, seconds(left), seconds(right))
    return None


def power(left: Any, right: Any) -> Value:
    """`**`: numbers only; beyond decimal128 it is null."""
    if type(left) is Decimal and type(right) is Decimal:
        return _number(NUMBERS.power, left, right)
    return None


def negate(value: Any) -> Value:
    """Arithmetic negation of a number or a duration."""
    if type(value) is Decimal:
        return NUMBERS.minus(value)
    if isinstance(value, timedelta):
        return -value
    return YearMonthDuration(-value.months) if isinstance(value, YearMonthDuration) else None


def seconds(duration: timedelta) -> Decimal:
    """A days and time duration as a number of seconds, exactly."""
    whole = duration.days * _SECONDS_PER_DAY + duration.seconds
    return Decimal(whole) + Decimal(duration.microseconds).scaleb(-6)


def bounded_text(text: str) -> str:
    """The text, unless it outgrew what any decision needs."""
    if len(text) > LONGEST_TEXT_VALUE:
        raise EffortError(f"a text of {len(text)} characters; at most {LONGEST_TEXT_VALUE}")
    return text


def _number(operation: Callable[[Decimal, Decimal], Decimal], left: Decimal, right: Decimal) -> Value:
    try:
        return operation(left, right)
    except decimal.DecimalException:
        return None


def _scale(duration: Any, factor: Decimal, operation: Callable[[Decimal, Decimal], Decimal]) -> Value:
    if isinstance(duration, YearMonthDuration):
        months = _number(operation, Decimal(duration.months), factor)
        return (
            YearMonthDuration(int(months)) if isinstance(months, Decimal) and months.adjusted() < 9 else None
        )
    if not isinstance(duration, timedelta):
        return None
    scaled = _number(operation, seconds(duration), factor)
    try:
        return timedelta(microseconds=int(scaled.scaleb(6))) if isinstance(scaled, Decimal) else None
    except (OverflowError, decimal.DecimalException):
        return None


def _move(point: Any, by: Any) -> Value:
    """A point in time or a duration, moved; beyond the calendar it is null."""
    try:
        if isinstance(by, YearMonthDuration):
            return _move_months(point, by.months) if isinstance(point, date) else None
        if not isinstance(by, timedelta):
            return None
        if isinstance(point, time):
            day = datetime.combine(date(2000, 1, 3), point) + timedelta(seconds=by.seconds)
            return day.timetz()
        if type(point) is date:  # a date moved by hours is a date: clause 10.3.2.3.6 drops the time
            return (datetime.combine(point, time()) + by).date()
        moved: Value = point + by
    except (OverflowError, ValueError):
        return None
    return moved


def _move_months(point: date, months: int) -> date:
    """The same day of a later month, or its last day where the month is shorter."""
    total = point.year * 12 + point.month - 1 + months
    year, month = divmod(total, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return point.replace(year=year, month=month + 1, day=min(point.day, last))


def _distance(left: Any, right: Any) -> Value:
    """The duration between two points in time; a date counts as its midnight."""
    if isinstance(left, time) != isinstance(right, time):
        return None
    if isinstance(left, time):
        day = date(2000, 1, 3)
        left, right = datetime.combine(day, left), datetime.combine(day, right)
    left, right = _midnight(left, right), _midnight(right, left)
    if (left.tzinfo is None) != (right.tzinfo is None):
        return None
    return left - right  # type: ignore[no-any-return]  # both are datetimes here


def _midnight(point: Any, other: Any) -> datetime:
    if isinstance(point, datetime):
        return point
    zone = other.tzinfo if isinstance(other, datetime) else None
    return datetime.combine(point, time(), tzinfo=zone)


INFIX: Mapping[str, Operator] = {
    "and": conjunction,
    "or": disjunction,
    "=": equal,
    "!=": unequal,
    "<": less,
    "<=": less_or_equal,
    ">": greater,
    ">=": greater_or_equal,
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": power,
}
