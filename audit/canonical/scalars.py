"""
Scalars to what orjson writes: a float as its shortest text, a date in ISO form, a number that JSON keeps exact.

A value of another type is refused, not converted: equal objects have equal bytes.
"""

import types
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from audit.canonical.plain import LARGEST
from audit.errors import CanonicalError

Lowering = Callable[[Any], Any]


def refused(value: Any, wanted: str) -> CanonicalError:
    """A complaint about a value of another type than is written here."""
    return CanonicalError("", f"a {type(value).__name__} has no canonical form here", f"use {wanted}")


def lower_float(value: Any) -> str:
    """The shortest text that reads back as the same float."""
    if type(value) is not float:
        if type(value) is int:
            value = float(value)
        elif not isinstance(value, float):
            raise refused(value, "a number")
    text = float.__repr__(value)
    if text in _NOT_FINITE:
        raise CanonicalError(
            "", f"`{text}` is not a quantity", "send a finite number, and zero without a sign"
        )
    return text


_NOT_FINITE = frozenset({"nan", "inf", "-inf", "-0.0"})
_PLAIN_POWER = 30  # beyond it a decimal is written with an exponent, not with its zeros


def lower_int(value: Any) -> int:
    """An integer that every JSON reader keeps exact."""
    if type(value) is not int:
        raise refused(value, "an integer")
    if not -LARGEST <= value <= LARGEST:
        raise CanonicalError("", f"`{value:.6g}` exceeds 2**53 - 1", "declare it as text")
    return value


def lower_bool(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise refused(value, "true or false")
    return value


def lower_text(value: Any) -> str:
    """Text, without what a subclass adds."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    raise refused(value, "text")


def lower_decimal(value: Any) -> str:
    """Without trailing zeros."""
    if not isinstance(value, Decimal):
        raise refused(value, "a decimal")
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


def lower_date(value: Any) -> str:
    """In ISO form."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise refused(value, "a date")
    return value.isoformat()


def lower_datetime(value: Any) -> str:
    """In ISO form."""
    if not isinstance(value, datetime):
        raise refused(value, "a time")
    return value.isoformat()


def lower_none(value: Any) -> None:
    """Nothing."""
    if value is not None:
        raise refused(value, "nothing")


SCALARS: dict[Any, Lowering] = {
    str: lower_text,
    float: lower_float,
    int: lower_int,
    bool: lower_bool,
    Decimal: lower_decimal,
    date: lower_date,
    datetime: lower_datetime,
    types.NoneType: lower_none,
}
