"""
The facts a table can meet, as a finite grid, and which rows cover which part of it.

Along each input a table falls into segments inside which no condition changes its mind
(`rules.conditions`). A point of the grid is one segment per input; a row covers the points whose
segments it accepts. Sets of rows are bit sets, so that thousands of rows are a few machine words.

`uncovered` finds a point of a box that none of a set of rows covers, or proves that there is none:
it fixes one input after the other, keeps the rows that still match, stops at a row that covers all
that is left, and never looks at the same set of rows twice. Work is counted, never timed.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import Any, TypeAlias

from rules.conditions import Column, cut, is_analysable
from rules.feel import Value, YearMonthDuration
from rules.feel.values import NUMBERS
from rules.schema import FactField, FactType
from rules.table import DecisionTable, Row

MOST_STEPS = 100_000  # sets of rows looked at in one table; 1,000 ordinary rows take about 6,000
_FEW = 48  # rows below which boundaries are cheaper to visit than segments
Box: TypeAlias = Sequence[Sequence[int]]  # segments per input
Point: TypeAlias = tuple[int, ...]  # one segment per input


_ANY: Mapping[FactType, Value] = {
    FactType.NUMBER: Decimal(0),
    FactType.DATE: date(2026, 1, 1),
    FactType.TIME: time(12),
    FactType.DATE_TIME: datetime(2026, 1, 1, 12),  # noqa: DTZ001  # rules may speak of local time
    FactType.DAYS_DURATION: timedelta(days=1),
    FactType.MONTHS_DURATION: YearMonthDuration(1),
}


class TooComplexError(Exception):
    """The table needs more work than the limit allows."""


@dataclass(slots=True)
class Space:
    """
    The grid of one table.

    Parameters
    ----------
    rows
        In order of preference; bit i of a row set stands for `rows[i]`.
    columns
        One per input.
    possible
        Per input the segments that the schema allows to occur.
    accepting
        Per input and segment the rows that accept it for certain.
    opaque
        Rows with a condition that depends on other facts: they may match less than they seem to.
    """

    fields: tuple[FactField, ...]
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    possible: tuple[tuple[int, ...], ...]
    accepting: tuple[tuple[int, ...], ...]
    constrained: tuple[int, ...]
    opaque: int
    steps: int = 0
    _ranges: tuple["_RangeOr", ...] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare range queries over what can occur."""
        self._ranges = tuple(
            _RangeOr([self.accepting[i][segment] for segment in segments])
            for i, segments in enumerate(self.possible)
        )

    @property
    def everything(self) -> Box:
        """The whole grid."""
        return self.possible

    @property
    def all_rows(self) -> int:
        """The set of all rows."""
        return (1 << len(self.rows)) - 1

    def segments_of(self, row: int, column: int) -> tuple[int, ...]:
        """Segments of an input that a row accepts and that can occur."""
        stretches = self.columns[column].stretches[row]
        if stretches is None or not self.constrained[column] >> row & 1:
            return self.possible[column]
        segments = self.possible[column]
        found: list[int] = []
        for first, last in stretches:
            found += segments[bisect_left(segments, first) : bisect_left(segments, last + 1)]
        return tuple(found)

    def box_of(self, row: int) -> Box:
        """Everything that a row accepts."""
        return [self.segments_of(row, column) for column in range(len(self.columns))]

    def overlapping(self, row: int, *, without: int = -1) -> int:
        """Rows that share a point with a row, itself included; `without` leaves one input aside."""
        shared = self.all_rows
        for column in range(len(self.columns)):
            if column != without:
                shared &= self._sharing(row, column)
        return shared

    def _sharing(self, row: int, column: int) -> int:
        """Rows that accept, in one input, something that this row accepts."""
        segments, query = self.possible[column], self._ranges[column]
        if not self.constrained[column] >> row & 1:
            return query.over(0, len(segments))
        found = 0
        for first, last in self.columns[column].stretches[row] or ():
            found |= query.over(bisect_left(segments, first), bisect_left(segments, last + 1))
        return found

    def common(self, first: int, second: int) -> Box:
        """Everything that two rows both accept."""
        boxes = zip(self.box_of(first), self.box_of(second), strict=True)
        return [sorted(set(ours) & set(theirs)) for ours, theirs in boxes]

    def uncovered(self, rows: int, box: Box) -> Point | None:
        """
        A point of the box that none of the rows covers, None when they cover it all.

        Raises
        ------
        TooComplexError
            When the work limit is reached.
        """
        if not all(box):
            return None
        return _Search(self, box).point(rows)

    def witness(self, point: Point) -> Mapping[str, Value]:
        """Facts that lie in a point of the grid."""
        return {
            declared.name: sample(column, declared, segment)
            for declared, column, segment in zip(self.fields, self.columns, point, strict=True)
        }


class _RangeOr:
    """Union of row sets over a range of places, in two look-ups (a sparse table)."""

    def __init__(self, sets: Sequence[int]) -> None:
        self._levels = [list(sets)]
        width = 1
        while 2 * width <= len(sets):
            last = self._levels[-1]
            self._levels.append([last[i] | last[i + width] for i in range(len(last) - width)])
            width *= 2

    def over(self, start: int, end: int) -> int:
        """Union of the sets at places start <= place < end."""
        if start >= end:
            return 0
        level = (end - start).bit_length() - 1
        sets = self._levels[level]
        return sets[start] | sets[end - (1 << level)]


class _Search:
    """One question to `Space.uncovered`."""

    def __init__(self, space: Space, box: Box) -> None:
        self.space = space
        self.box = box
        # Inputs that most rows constrain come first: few rows are left after them.
        order = sorted(range(len(box)), key=lambda c: -space.constrained[c].bit_count())
        self.order = [c for c in order if space.constrained[c]]
        self.free = self._free_rows()
        self.covered: set[tuple[int, int]] = set()

    def point(self, rows: int) -> Point | None:
        """The uncovered point."""
        found = self._descend(0, rows)
        if found is None:
            return None
        chosen = dict(zip(self.order, found, strict=False))
        return tuple(chosen.get(c, self.box[c][0]) for c in range(len(self.box)))

    def _free_rows(self) -> list[int]:
        """Per depth the rows that accept all of the box in the inputs from there on."""
        free = [self.space.all_rows]
        for column in reversed(self.order):
            accepting = self.space.accepting[column]
            free.append(free[-1] & reduce(and_, (accepting[s] for s in self.box[column])))
        return free[::-1]

    def _descend(self, depth: int, rows: int) -> tuple[int, ...] | None:
        if not rows:
            return ()
        if rows & self.free[depth] or (depth, rows) in self.covered:
            return None
        self.space.steps += 1
        if self.space.steps > MOST_STEPS:
            raise TooComplexError
        column = self.order[depth]
        accepting = self.space.accepting[column]
        seen: set[int] = set()
        for segment in self._segments(column, rows):
            left = rows & accepting[segment]
            if left in seen:
                continue
            seen.add(left)
            found = self._descend(depth + 1, left)
            if found is not None:
                return (segment, *found)
        self.covered.add((depth, rows))
        return None

    def _segments(self, column: int, rows: int) -> Sequence[int]:
        """Segments to visit: all, or one after each boundary of the rows when those are few."""
        inside = self.box[column]
        if rows.bit_count() > _FEW:
            return inside
        starts = {0}
        for row in bits(rows & self.space.constrained[column]):
            for first, last in self.space.columns[column].stretches[row] or ():
                starts |= {first, last + 1}
        places = {bisect_left(inside, start) for start in starts}
        return [inside[place] for place in sorted(places) if place < len(inside)]


def table_space(table: DecisionTable) -> Space:
    """The grid of a table."""
    rows = tuple(sorted(table.rows, key=lambda row: row.rank))
    columns = tuple(
        cut(declared.name, declared.type, [row.cell(declared.name) for row in rows])
        for declared in table.inputs
    )
    constrained = tuple(
        _row_set(i for i, row in enumerate(rows) if row.cell(declared.name)) for declared in table.inputs
    )
    kinds = {declared.name: declared.type for declared in table.inputs}
    opaque = _row_set(
        i
        for i, row in enumerate(rows)
        if any(not is_analysable(cell, kinds[cell.fact]) for cell in row.cells)
    )
    possible = tuple(
        tuple(s for s in range(column.segments) if _can_occur(column, declared, s))
        for declared, column in zip(table.inputs, columns, strict=True)
    )
    accepting = tuple(_accepting(column, opaque, len(rows)) for column in columns)
    return Space(table.inputs, rows, columns, possible, accepting, constrained, opaque)


def bits(rows: int) -> Iterator[int]:
    """The members of a row set, ascending."""
    while rows:
        lowest = rows & -rows
        yield lowest.bit_length() - 1
        rows ^= lowest


def _row_set(members: Iterator[int]) -> int:
    return reduce(or_, (1 << member for member in members), 0)


def _accepting(column: Column, opaque: int, rows: int) -> tuple[int, ...]:
    """Rows by segment, from where each row starts and stops accepting; opaque rows accept nothing."""
    changes = [0] * (column.segments + 1)
    for row in range(rows):
        for first, last in () if opaque >> row & 1 else column.stretches[row] or ():
            changes[first] ^= 1 << row
            changes[last + 1] ^= 1 << row
    found, current = [], 0
    for change in changes[:-1]:
        current ^= change
        found.append(current)
    return tuple(found)


def _can_occur(column: Column, declared: FactField, segment: int) -> bool:
    if segment == column.null_segment:
        return declared.is_optional
    return sample(column, declared, segment) is not None


def sample(column: Column, declared: FactField, segment: int) -> Value:
    """A value in a segment, None when the schema leaves it empty (and for null)."""
    if segment == column.null_segment:
        return None
    if not column.is_ordered:
        return _listed_sample(column, declared, segment)
    place, is_point = divmod(segment, 2)
    if is_point:
        value = column.points[place]
        return value if _is_inside(value, declared) else None
    low = column.points[place - 1] if place > 0 else None
    high = column.points[place] if place < len(column.points) else None
    if low is None and high is None:
        return declared.low if declared.low is not None else _ANY[declared.type]
    return _between(low, high, declared)


def _listed_sample(column: Column, declared: FactField, segment: int) -> Value:
    if segment < len(column.points):
        value: Value = column.points[segment]
        return value
    if declared.type is FactType.TEXT:
        others: tuple[Value, ...] = declared.values or ("another", "yet another")
    else:
        others = (False, True) if declared.type is FactType.BOOLEAN else (_ANY[declared.type],)
    return next((value for value in others if value not in column.points), None)


def _is_inside(value: Any, declared: FactField) -> bool:
    return not (
        (declared.low is not None and value < declared.low)
        or (declared.high is not None and value > declared.high)
    )


def _between(low: Any, high: Any, declared: FactField) -> Value:
    """A value strictly between two thresholds and inside the declared range, None if there is none."""
    if declared.low is not None and (low is None or low < declared.low):
        low_value = declared.low
        if high is None or low_value < high:
            return low_value
        return None
    if declared.high is not None and (high is None or high > declared.high):
        return declared.high if low is None or low < declared.high else None
    return _strictly_between(low, high)


def _strictly_between(low: Any, high: Any) -> Value:
    if high is None:
        return _shift(low, 1)
    if low is None:
        return _shift(high, -1)
    if isinstance(low, Decimal):
        return NUMBERS.divide(NUMBERS.add(low, high), Decimal(2))
    if isinstance(low, timedelta):
        middle: timedelta = low + (high - low) / 2
        return middle if low < middle < high else None
    following = _shift(low, 1)
    return following if following < high else None


def _shift(end: Any, by: int) -> Value:
    """The value one unit away: 1, a day, a month."""
    if isinstance(end, YearMonthDuration):
        return YearMonthDuration(end.months + by)
    shifted: Value = end + (timedelta(days=by) if isinstance(end, date | timedelta) else Decimal(by))
    return shifted
