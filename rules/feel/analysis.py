"""
What a cell accepts, as sets that a table can be indexed and checked by.

A cell is analysable when all its ends are constants. Ordered types give disjoint intervals in
ascending order; equality tests give the set of values.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cmp_to_key
from typing import Any, TypeAlias, cast

from rules.feel import nodes
from rules.feel.membership import constant_of
from rules.feel.operators import comparable
from rules.feel.values import ORDERED, Range, Scope, Value, type_of

_Compile: TypeAlias = Callable[[nodes.Node], Callable[[Scope], Value]]


@dataclass(frozen=True, slots=True)
class Interval:
    """
    A stretch of an ordered type.

    Parameters
    ----------
    low, high
        Ends; None is unbounded, and then the end counts as open.
    """

    low: Value = None
    high: Value = None
    low_closed: bool = False
    high_closed: bool = False


EVERYTHING = (Interval(),)


@dataclass(frozen=True, slots=True)
class Constant:
    """A test whose end is a constant: its sign (`in` for a value or range standing alone) and the end."""

    sign: str
    value: Value


def constants(tests: tuple[nodes.Test, ...], compile_node: _Compile) -> tuple[Constant, ...] | None:
    """The tests as constants; None when one of them reads a name."""
    found = [(test.operator, *constant_of(test.operand, compile_node)) for test in tests]
    if not all(constant for _, constant, _ in found):
        return None
    return tuple(Constant(sign, value) for sign, _, value in found)


def accepted_values(tests: tuple[Constant, ...]) -> frozenset[Any] | None:
    """The values of equality tests; None when another test is among them."""
    if any(test.sign not in {"in", "="} or not _is_scalar(test.value) for test in tests):
        return None
    return frozenset(test.value for test in tests)


def _is_scalar(value: Value) -> bool:
    return value is None or type_of(value) in ORDERED or isinstance(value, bool)


def accepted_intervals(tests: tuple[Constant, ...]) -> tuple[Interval, ...] | None:
    """Disjoint, ascending; None when a test is no stretch of one ordered type."""
    pieces: list[Interval] = []
    for test in tests:
        piece = _stretch(test)
        if piece is None:
            return None
        pieces.extend(piece)
    ends = [end for piece in pieces for end in (piece.low, piece.high) if end is not None]
    if not all(comparable(ends[0], end) for end in ends):
        return None
    return _merged(pieces)


def _stretch(test: Constant) -> tuple[Interval, ...] | None:
    value = test.value
    if isinstance(value, Range):
        bounds = Interval(value.low, value.high, value.low_closed, value.high_closed)
        return ((bounds,) if _holds_something(bounds) else ()) if test.sign == "in" else None
    if value is None:  # `null` takes no value of the type, `!= null` takes them all
        return EVERYTHING if test.sign == "!=" else ()
    return _compared(test.sign, value) if type_of(value) in ORDERED else None


def _compared(sign: str, value: Value) -> tuple[Interval, ...]:
    match sign:
        case "<" | "<=":
            return (Interval(high=value, high_closed=sign == "<="),)
        case ">" | ">=":
            return (Interval(low=value, low_closed=sign == ">="),)
        case "!=":
            return (Interval(high=value), Interval(low=value))
    return (Interval(value, value, low_closed=True, high_closed=True),)


def _holds_something(interval: Any) -> bool:
    closed = interval.low_closed and interval.high_closed
    return bool(interval.low < interval.high or (interval.low == interval.high and closed))


def complement(intervals: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Everything that disjoint ascending intervals leave out."""
    left: list[Interval] = []
    gap = Interval()
    for interval in intervals:
        if interval.low is not None:
            end = replace(gap, high=interval.low, high_closed=not interval.low_closed)
            if end.low is None or _holds_something(end):
                left.append(end)
        if interval.high is None:
            return tuple(left)
        gap = Interval(low=interval.high, low_closed=not interval.high_closed)
    return (*left, gap)


def _merged(pieces: Iterable[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for piece in sorted(pieces, key=cmp_to_key(_by_low)):
        if merged and _touches(merged[-1], piece):
            merged[-1] = _joined(merged[-1], piece)
        else:
            merged.append(piece)
    return tuple(merged)


def _by_low(left: Any, right: Any) -> int:
    if left.low is None or right.low is None:
        return (left.low is not None) - (right.low is not None)
    if left.low != right.low:
        return -1 if left.low < right.low else 1
    return right.low_closed - left.low_closed  # type: ignore[no-any-return]  # difference of two booleans


def _touches(left: Any, right: Any) -> bool:
    """Whether the next piece starts inside or exactly where the last one ends."""
    if left.high is None or right.low is None:
        return True
    return bool(right.low < left.high or (right.low == left.high and (right.low_closed or left.high_closed)))


def _joined(left: Interval, right: Interval) -> Interval:
    end, other = cast("Any", left.high), cast("Any", right.high)
    if end is None or other is None:
        return replace(left, high=None, high_closed=False)
    if other > end:
        return replace(left, high=other, high_closed=right.high_closed)
    return replace(left, high_closed=left.high_closed or (other == end and right.high_closed))
