"""
Conditions on one fact, and the pieces they cut its values into.

A column of an analysable table falls into finitely many segments inside which no condition
changes its mind: for ordered types the thresholds c0 < c1 < ... and the stretches between them

    segment 2i+1 = {c[i]},   segment 2i = (c[i-1], c[i]),   then one segment for null

and for other types the listed values, one segment for every other value, one for null. The index
looks facts up in these segments; the static analysis reasons about them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from rules.diagnostics import Position
from rules.feel import Interval, UnaryTests
from rules.schema import FactType

Stretch: TypeAlias = tuple[int, int]  # first and last segment, both included
ORDERED = frozenset({FactType.NUMBER, FactType.DATE, FactType.DAYS_DURATION, FactType.MONTHS_DURATION})
LISTED = frozenset({FactType.TEXT, FactType.BOOLEAN})


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One condition of a row.

    Parameters
    ----------
    text
        As written, for evidence.
    """

    fact: str
    text: str
    tests: UnaryTests
    where: Position


@dataclass(frozen=True, slots=True)
class Column:
    """
    The segments of one fact under the conditions of several rows.

    Parameters
    ----------
    points
        Thresholds in ascending order, or listed values.
    stretches
        Per row the segments it accepts; None where the condition cannot be analysed.
    """

    fact: str
    is_ordered: bool
    points: tuple[Any, ...]
    stretches: tuple[tuple[Stretch, ...] | None, ...]

    @property
    def segments(self) -> int:
        """How many there are, null included."""
        return (2 * len(self.points) + 2) if self.is_ordered else (len(self.points) + 2)

    @property
    def null_segment(self) -> int:
        """The segment of an absent value: the last one."""
        return self.segments - 1

    def segment(self, value: Any) -> int:
        """The segment that holds a value."""
        if value is None:
            return self.null_segment
        if not self.is_ordered:
            return self.points.index(value) if value in self.points else len(self.points)
        place = bisect_left(self.points, value)
        return 2 * place + (place < len(self.points) and self.points[place] == value)


def cut(fact: str, kind: FactType, cells: Sequence[Cell | None]) -> Column:
    """The column of a fact under one condition per row, None where a row has no condition."""
    is_ordered = kind in ORDERED
    points: tuple[Any, ...] = ()
    if is_ordered or kind in LISTED:  # times may hold zones, which have no common order
        points = tuple(sorted(set(_ends(cells) if is_ordered else _mentioned(cells))))
    blank = Column(fact, is_ordered, points, ())
    return Column(fact, is_ordered, points, tuple(_accepted(blank, kind, cell) for cell in cells))


def is_analysable(cell: Cell, kind: FactType) -> bool:
    """Whether the segments a condition accepts can be told without other facts."""
    if kind in ORDERED:
        return cell.tests.intervals() is not None
    if kind in LISTED:
        return cell.tests.values() is not None or cell.tests.excluded() is not None
    return False


def _ends(cells: Iterable[Cell | None]) -> Iterable[Any]:
    for cell in cells:
        for interval in (cell and cell.tests.intervals()) or ():
            yield from (end for end in (interval.low, interval.high) if end is not None)


def _mentioned(cells: Iterable[Cell | None]) -> Iterable[Any]:
    for cell in cells:
        listed = cell and (cell.tests.values() or cell.tests.excluded())
        yield from (value for value in listed or () if value is not None)


def _accepted(column: Column, kind: FactType, cell: Cell | None) -> tuple[Stretch, ...] | None:
    if cell is None or cell.tests.is_any:
        return ((0, column.segments - 1),)
    if not is_analysable(cell, kind):
        return None
    found = _stretches_of_intervals(column, cell) if column.is_ordered else _stretches_of_values(column, cell)
    return (*found, (column.null_segment,) * 2) if cell.tests.matches(None, {}) else found


def _stretches_of_intervals(column: Column, cell: Cell) -> tuple[Stretch, ...]:
    return tuple(_stretch(column, interval) for interval in cell.tests.intervals() or ())


def _stretch(column: Column, interval: Interval) -> Stretch:
    low = 0 if interval.low is None else column.segment(interval.low) + (not interval.low_closed)
    end = 2 * len(column.points)
    high = end if interval.high is None else column.segment(interval.high) - (not interval.high_closed)
    return low, high


def _stretches_of_values(column: Column, cell: Cell) -> tuple[Stretch, ...]:
    excluded = cell.tests.excluded()
    named = cell.tests.values() if excluded is None else excluded
    places = sorted(bisect_left(column.points, value) for value in named or () if value is not None)
    if excluded is None:
        return tuple((place, place) for place in places)
    bounds = [-1, *places, len(column.points) + 1]  # the segment of every other value is accepted
    gaps = pairwise(bounds)
    return tuple((before + 1, after - 1) for before, after in gaps if before + 1 <= after - 1)
