"""For which facts two versions of a table answer differently."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import product

from rules.conditions import Column, cut
from rules.errors import RulesError
from rules.feel import Value, written
from rules.lint.space import bits, sample
from rules.schema import FactField, FactType
from rules.table import DecisionTable, Row, say

MOST_POINTS = 50_000  # points of the grid compared in one table


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """
    Facts that were answered in one way and are now answered in another.

    Parameters
    ----------
    region
        Per input the stretches in which the change was seen, as a condition; inputs that do not
        matter are left out.
    """

    before: str
    after: str
    region: Mapping[str, str]
    witness: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class _Grid:
    fields: tuple[FactField, ...]
    columns: tuple[Column, ...]
    possible: tuple[tuple[int, ...], ...]


def compare_answers(old: DecisionTable, new: DecisionTable) -> tuple[AnswerChange, ...]:
    """One change per pair of answers, with the region where it was seen and a witness."""
    rows = (*old.rows, *new.rows)
    changed = _changed(old, new)
    grid = _grid(old, new)
    seen: dict[tuple[str, str], list[tuple[int, ...]]] = {}
    budget = MOST_POINTS
    for place in bits(changed):
        for point in _points(grid, rows, place):
            budget -= 1
            if budget < 0:
                found = _changes(grid, rows, seen)
                rest = AnswerChange("more facts", "not compared, the table is too large", {}, {})
                return (*found, rest)
            _note(grid, old, new, point, seen)
    return _changes(grid, rows, seen)


def _changed(old: DecisionTable, new: DecisionTable) -> int:
    """Bit set over the rows of both tables: those that differ, or stand in another order."""
    count = len(old.rows) + len(new.rows)
    default = (old.default and _essence(old.default)) != (new.default and _essence(new.default))
    if default or (old.hit, old.aggregate) != (new.hit, new.aggregate):
        return (1 << count) - 1
    before = [_essence(row) for row in old.rows]
    after = [_essence(row) for row in new.rows]
    same = set(before) & set(after)
    order = {e: i for i, e in enumerate(e for e in before if e in same)}
    moved = {e for i, e in enumerate(e for e in after if e in same) if order[e] != i}
    changed = (i for i, e in enumerate((*before, *after)) if e not in same or e in moved)
    return reduce(lambda found, i: found | 1 << i, changed, 0)


def _essence(row: Row) -> tuple[object, ...]:
    """What makes a row answer as it does; the reason and the place in the file do not."""
    cells = frozenset((cell.fact, cell.text) for cell in row.cells)
    return row.id, cells, tuple(row.outcome.items()), tuple((n, e.text) for n, e in row.computed)


def _grid(old: DecisionTable, new: DecisionTable) -> _Grid:
    fields = tuple({declared.name: declared for declared in (*old.inputs, *new.inputs)}.values())
    rows = (*old.rows, *new.rows)
    columns = tuple(cut(f.name, f.type, [row.cell(f.name) for row in rows]) for f in fields)
    possible = tuple(
        tuple(s for s in range(column.segments) if _occurs(column, declared, s))
        for declared, column in zip(fields, columns, strict=True)
    )
    return _Grid(fields, columns, possible)


def _occurs(column: Column, declared: FactField, segment: int) -> bool:
    if segment == column.null_segment:
        return declared.is_optional
    return sample(column, declared, segment) is not None


def _points(grid: _Grid, rows: tuple[Row, ...], place: int) -> Iterator[tuple[int, ...]]:
    """Points of the row's box, one per set of rows that can be told apart there."""
    axes = [
        [s for s in possible if _accepts(column, place, s)]
        for column, possible in zip(grid.columns, grid.possible, strict=True)
    ]
    rivals = [
        other
        for other in range(len(rows))
        if all(any(_accepts(c, other, s) for s in axis) for c, axis in zip(grid.columns, axes, strict=True))
    ]
    told_apart = [
        list({(*tuple(_accepts(c, r, s) for r in rivals), s == c.null_segment): s for s in axis}.values())
        for c, axis in zip(grid.columns, axes, strict=True)
    ]
    return product(*told_apart)


def _accepts(column: Column, row: int, segment: int) -> bool:
    stretches = column.stretches[row]
    return stretches is None or any(first <= segment <= last for first, last in stretches)


def _note(
    grid: _Grid,
    old: DecisionTable,
    new: DecisionTable,
    point: tuple[int, ...],
    seen: dict[tuple[str, str], list[tuple[int, ...]]],
) -> None:
    scope = _scope(grid, point)
    before, after = _answer(old, scope), _answer(new, scope)
    if before != after:
        seen.setdefault((before, after), []).append(point)


def _scope(grid: _Grid, point: tuple[int, ...]) -> dict[str, Value]:
    triples = zip(grid.fields, grid.columns, point, strict=True)
    return {declared.name: sample(column, declared, s) for declared, column, s in triples}


def _answer(table: DecisionTable, scope: Mapping[str, Value]) -> str:
    try:
        rows = table.index.find(scope)
    except RulesError:
        return "depends on other facts"
    if not rows and table.default:
        rows = [table.default]
    texts = [_said(row) for row in rows]
    if len(set(texts)) > 1 and table.hit.is_single:
        return "an error, rows contradict each other"
    return "; ".join(texts[:1] if table.hit.is_single else texts) or "no answer"


def _said(row: Row) -> str:
    constant = [f"{name} {say(value)}" for name, value in row.outcome.items()]
    return ", ".join([*constant, *(f"{name} = {e.text.strip()}" for name, e in row.computed)])


def _changes(
    grid: _Grid, rows: tuple[Row, ...], seen: Mapping[tuple[str, str], list[tuple[int, ...]]]
) -> tuple[AnswerChange, ...]:
    return tuple(
        AnswerChange(before, after, _region(grid, rows, points), _scope(grid, points[0]))
        for (before, after), points in seen.items()
    )


def _region(grid: _Grid, rows: tuple[Row, ...], points: list[tuple[int, ...]]) -> dict[str, str]:
    """Per input the segments in which no row tells the difference from one of the points."""
    region: dict[str, str] = {}
    for c, (declared, column, possible) in enumerate(
        zip(grid.fields, grid.columns, grid.possible, strict=True)
    ):

        def signature(segment: int, column: Column = column) -> tuple[bool, ...]:
            return tuple(_accepts(column, row, segment) for row in range(len(rows)))

        alike = {signature(point[c]) for point in points}
        segments = [s for s in possible if signature(s) in alike]
        if len(segments) < len(possible):
            region[declared.name] = _written(column, declared, segments)
    return region


def _written(column: Column, declared: FactField, segments: list[int]) -> str:
    """Segments as unary tests."""
    if not column.is_ordered:
        return _listed(column, declared, segments)
    runs: list[list[int]] = []
    for segment in segments:
        if segment == column.null_segment:
            continue
        if runs and runs[-1][1] == segment - 1:
            runs[-1][1] = segment
        else:
            runs.append([segment, segment])
    return ", ".join([*(_run(column, *run) for run in runs), *_null(column, segments)])


def _listed(column: Column, declared: FactField, segments: list[int]) -> str:
    """`"A", "B"`, or `not("A")` where every other value is among them."""
    others = len(column.points)
    named = [written(column.points[s]) for s in segments if s < others]
    if others not in segments:
        return ", ".join([*named, *_null(column, segments)])
    if declared.type is FactType.BOOLEAN:
        return ", ".join([*named, written(sample(column, declared, others)), *_null(column, segments)])
    left = [written(value) for place, value in enumerate(column.points) if place not in segments]
    if declared.is_optional and column.null_segment not in segments:
        left.append("null")
    return f"not({', '.join(left)})" if left else "-"


def _null(column: Column, segments: list[int]) -> list[str]:
    return ["null"] if column.null_segment in segments else []


def _run(column: Column, first: int, last: int) -> str:
    low, high = (first - 1) // 2 if first % 2 == 0 else first // 2, last // 2
    starts = ("[" if first % 2 else "(") + written(column.points[low]) if first > 0 else None
    ends = written(column.points[high]) + ("]" if last % 2 else ")") if high < len(column.points) else None
    if first == last and first % 2:
        return written(column.points[low])
    if starts is None:
        return f"{'<=' if last % 2 else '<'} {ends[:-1]}" if ends else "-"
    return f"{starts}..{ends}" if ends else f"{'>=' if first % 2 else '>'} {starts[1:]}"
