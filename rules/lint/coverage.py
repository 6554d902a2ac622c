"""Gaps, and thresholds that leave a hole."""

from collections.abc import Iterator
from decimal import Decimal

from rules.conditions import Column
from rules.lint.finding import FindingKind, LintFinding
from rules.lint.space import Box, Point, Space, bits
from rules.schema import FactType
from rules.table import DecisionTable, say


def check_gaps(
    table: DecisionTable, space: Space, holes: frozenset[tuple[int, int]]
) -> Iterator[LintFinding]:
    """
    Facts that no row of a single-hit table answers.

    Parameters
    ----------
    holes
        Segments, as (input, segment), that were reported already; they are not reported again.
    """
    if table.default is not None or not table.hit.is_single:
        return
    box = _without(space, holes)
    found = space.uncovered(space.all_rows & ~space.opaque, box)
    if found is None:
        return
    if _opaque_may_cover(space, found):
        problem = "rows with conditions over other facts may leave a gap, which cannot be proven or excluded"
        yield _finding(FindingKind.NOT_ANALYSED, table, space, found, problem)
        return
    yield _finding(FindingKind.GAP, table, space, found, "no row answers")


def _finding(
    kind: FindingKind, table: DecisionTable, space: Space, point: Point, problem: str
) -> LintFinding:
    fix = "add a row for it, a last row without conditions, or `default`"
    return LintFinding(kind, table.name, (), problem, fix, space.witness(point), table.where)


def _without(space: Space, holes: frozenset[tuple[int, int]]) -> Box:
    return [[s for s in segments if (c, s) not in holes] for c, segments in enumerate(space.everything)]


def _opaque_may_cover(space: Space, point: Point) -> bool:
    """Whether an opaque row accepts the point as far as its other conditions go."""
    return any(
        all(segment in space.segments_of(row, column) for column, segment in enumerate(point))
        for row in bits(space.opaque)
    )


def check_thresholds(
    table: DecisionTable, space: Space
) -> Iterator[tuple[LintFinding, frozenset[tuple[int, int]]]]:
    """
    Values between two neighbouring thresholds that neither row takes: 1,500 and 1,500.01.

    One row ends where the next begins but for a single value, or for a stretch no wider than the
    last digit written, with or without its ends. It is a hole even where a catch-all row answers,
    when no row that looks at this fact does. Each finding comes with its segments, as (input, segment).
    """
    for c, column in enumerate(space.columns):
        for segment in space.possible[c] if column.is_ordered else ():
            for first, last in _spans(column, segment, space.fields[c].type):
                found = _hole(table, space, c, (first, last))
                if found is not None:
                    yield found, frozenset((c, inside) for inside in range(first, last + 1))


def _spans(column: Column, segment: int, kind: FactType) -> Iterator[tuple[int, int]]:
    """A point alone; a thin stretch alone and with one or both of the points at its ends."""
    last = 2 * len(column.points)
    if not 0 < segment < last:
        return
    place, is_point = divmod(segment, 2)
    if is_point:
        yield segment, segment
    elif kind is FactType.NUMBER:
        low, high = column.points[place - 1], column.points[place]
        if high - low <= _last_digit(low, high):
            yield from ((segment - i, segment + j) for i in (0, 1) for j in (0, 1))


def _last_digit(low: Decimal, high: Decimal) -> Decimal:
    """One unit in the last place of the more precise number: 0.01 for 1500 and 1500.01."""
    places = [int(number.as_tuple().exponent) for number in (low, high)]
    return Decimal(1).scaleb(min(0, *places))


def _hole(table: DecisionTable, space: Space, c: int, span: tuple[int, int]) -> LintFinding | None:
    before, after = span[0] - 1, span[1] + 1
    ending = [row for row in bits(space.accepting[c][before]) if _ends_at(space, c, row, before)]
    if not ending:
        return None
    starts = {row for row in bits(space.accepting[c][after]) if _starts_at(space, c, row, after)}
    for below in ending if starts else ():
        for above in bits(space.overlapping(below, without=c)):
            if above in starts and (point := _unclaimed(space, c, span, below, above)) is not None:
                return _report(table, space, c, point, (below, above))
    return None


def _ends_at(space: Space, c: int, row: int, segment: int) -> bool:
    """Whether the row accepts a range, not a single value, that ends with this segment."""
    stretches = space.columns[c].stretches[row] or ()
    return any(last == segment and (first < last or not last % 2) for first, last in stretches)


def _starts_at(space: Space, c: int, row: int, segment: int) -> bool:
    stretches = space.columns[c].stretches[row] or ()
    return any(first == segment and (first < last or not first % 2) for first, last in stretches)


def _unclaimed(space: Space, c: int, span: tuple[int, int], below: int, above: int) -> Point | None:
    """Where, between two rows, no row that looks at the fact answers, nor one preferred to both."""
    box = [*space.common(below, above)]
    box[c] = [segment for segment in space.possible[c] if span[0] <= segment <= span[1]]
    preferred = (1 << min(below, above)) - 1
    return space.uncovered((space.constrained[c] | preferred) & ~space.opaque, box)


def _report(table: DecisionTable, space: Space, c: int, point: Point, rows: tuple[int, int]) -> LintFinding:
    witness = space.witness(point)
    name = space.fields[c].name
    ids = tuple(space.rows[row].id for row in rows)
    problem = f"{name} {say(witness[name])} falls between rows `{ids[0]}` and `{ids[1]}`"
    fix = "let one row end exactly where the other begins, one of them including the threshold"
    return LintFinding(
        FindingKind.THRESHOLD_HOLE, table.name, ids, problem, fix, witness, space.rows[rows[0]].where
    )
