"""
The values of the language: OMG DMN 1.3, clause 10.3.2.

    number    decimal128: 34 digits, rounded half to even, exponents -6143 .. 6144 (10.3.2.3.1)
    text, boolean, date, time, date and time     str, bool, date, time, datetime of Python
    days and time duration                        timedelta
    years and months duration                     YearMonthDuration, a whole number of months
    list, context, range, function                tuple, Mapping, Range, Function
    null                                          None

Numbers are `Decimal` only. An `int` or `float` is refused where it is met, never converted:
who reads facts decides how they become decimals.
"""

import decimal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from rules.feel.errors import FeelError

Scope: TypeAlias = Mapping[str, "Value"]
Value: TypeAlias = (
    "str | bool | Decimal | date | datetime | time | timedelta | YearMonthDuration "
    "| tuple[Value, ...] | Mapping[str, Value] | Range | Function | None"
)
NUMBERS = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)


class FeelType(StrEnum):
    """Types by the names a policy author writes."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATE_TIME = "date and time"
    DAYS_DURATION = "days and time duration"
    MONTHS_DURATION = "years and months duration"
    LIST = "list"
    CONTEXT = "context"
    RANGE = "range"
    FUNCTION = "function"
    NULL = "null"
    ANY = "any"


@dataclass(frozen=True, slots=True, order=True)
class YearMonthDuration:
    """
    A years and months duration.

    Parameters
    ----------
    months
        Signed; 14 is one year and two months.
    """

    months: int


@dataclass(frozen=True, slots=True)
class Range:
    """
    All values between two ends; an absent end is unbounded.

    Parameters
    ----------
    low_closed, high_closed
        Whether the end itself belongs to the range.
    """

    low: "Value"
    high: "Value"
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Function:
    """
    A function of the model or of the expression: parameters, and what it does with them.

    Parameters
    ----------
    call
        Receives the caller's scope, for its work limit, and one argument per parameter.
    """

    parameters: tuple[str, ...]
    call: Callable[[Scope, tuple[Value, ...]], Value]


_TYPES: Mapping[type, FeelType] = {
    str: FeelType.TEXT,
    bool: FeelType.BOOLEAN,
    Decimal: FeelType.NUMBER,
    date: FeelType.DATE,
    datetime: FeelType.DATE_TIME,
    time: FeelType.TIME,
    timedelta: FeelType.DAYS_DURATION,
    YearMonthDuration: FeelType.MONTHS_DURATION,
    tuple: FeelType.LIST,
    dict: FeelType.CONTEXT,
    Range: FeelType.RANGE,
    Function: FeelType.FUNCTION,
    type(None): FeelType.NULL,
}
ORDERED = frozenset(
    {
        FeelType.TEXT,
        FeelType.NUMBER,
        FeelType.DATE,
        FeelType.TIME,
        FeelType.DATE_TIME,
        FeelType.DAYS_DURATION,
        FeelType.MONTHS_DURATION,
    }
)


def type_of(value: Value) -> FeelType:
    """The type of a value; what is none of ours is an error, not a guess."""
    found = _TYPES.get(type(value))
    if found is not None:
        return found
    if isinstance(value, Mapping):
        return FeelType.CONTEXT
    raise FeelError(
        f"a value of Python type `{type(value).__name__}` is none of ours; numbers must be Decimal"
    )
