"""Numeric functions: DMN 1.3, 10.3.4.5. Results keep decimal128."""

import decimal
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from rules.feel.builtins.signature import Builtin, integer, optional, required
from rules.feel.values import NUMBERS, FeelType, Value, YearMonthDuration

_SCALES = range(-6111, 6177)
_NUMBER = required("n", FeelType.NUMBER)
_ONE = Decimal(1)


def _rounded(number: Decimal, scale: Decimal | None, rounding: str) -> Value:
    """The number at so many decimal places; beyond 34 digits there is none."""
    places = 0 if scale is None else integer(scale)
    if places is None or places not in _SCALES:
        return None
    try:
        return number.quantize(_ONE.scaleb(-places), rounding, NUMBERS)
    except decimal.DecimalException:
        exponent = number.as_tuple().exponent
        return number if isinstance(exponent, int) and exponent >= -places else None


def _rounding(rounding: str, *, scale: bool) -> Builtin:
    place = (required if scale else optional)("scale", FeelType.NUMBER)

    def body(number: Decimal, scale: Decimal | None = None) -> Value:
        return _rounded(number, scale, rounding)

    return Builtin((_NUMBER, place), body)


def _guarded(operation: Callable[[Decimal], Decimal]) -> Callable[[Decimal], Value]:
    def body(number: Decimal) -> Value:
        try:
            return operation(number)
        except decimal.DecimalException:
            return None

    return body


def _modulo(dividend: Decimal, divisor: Decimal) -> Value:
    """`dividend - divisor * floor(dividend / divisor)`: the sign of the divisor."""
    try:
        remainder = NUMBERS.remainder(dividend, divisor)
    except decimal.DecimalException:
        return None
    crossed = remainder and (remainder < 0) != (divisor < 0)
    return NUMBERS.add(remainder, divisor) if crossed else remainder


def _parity(remainder: int) -> Callable[[Decimal], Value]:
    def body(number: Decimal) -> Value:
        if number != number.to_integral_value():
            return None
        return abs(_last_digit(number)) % 2 == remainder

    return body


def _last_digit(number: Decimal) -> int:
    whole = number.normalize(NUMBERS).as_tuple()
    return whole.digits[-1] if whole.exponent == 0 else 0


def _absolute(value: Value) -> Value:
    if isinstance(value, Decimal):
        return NUMBERS.abs(value)
    if isinstance(value, YearMonthDuration):
        return YearMonthDuration(abs(value.months))
    return abs(value) if isinstance(value, timedelta) else None


NUMERIC: Mapping[str, Builtin] = {
    "decimal": _rounding(decimal.ROUND_HALF_EVEN, scale=True),
    "floor": _rounding(decimal.ROUND_FLOOR, scale=False),
    "ceiling": _rounding(decimal.ROUND_CEILING, scale=False),
    "round up": _rounding(decimal.ROUND_UP, scale=True),
    "round down": _rounding(decimal.ROUND_DOWN, scale=True),
    "round half up": _rounding(decimal.ROUND_HALF_UP, scale=True),
    "round half down": _rounding(decimal.ROUND_HALF_DOWN, scale=True),
    "abs": Builtin((required("n", FeelType.ANY),), _absolute),
    "modulo": Builtin((required("dividend", FeelType.NUMBER), required("divisor", FeelType.NUMBER)), _modulo),
    "sqrt": Builtin((required("number", FeelType.NUMBER),), _guarded(NUMBERS.sqrt)),
    "log": Builtin((required("number", FeelType.NUMBER),), _guarded(NUMBERS.ln)),
    "exp": Builtin((required("number", FeelType.NUMBER),), _guarded(NUMBERS.exp)),
    "odd": Builtin((required("number", FeelType.NUMBER),), _parity(1)),
    "even": Builtin((required("number", FeelType.NUMBER),), _parity(0)),
}
