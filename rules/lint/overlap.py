"""Rows that match together although their hit policy forbids it, and rows that contradict each other."""

from collections.abc import Iterator

from rules.document import HitPolicy
from rules.lint.finding import FindingKind, LintFinding
from rules.lint.space import Space, bits
from rules.table import DecisionTable

_NAMED = 4  # rows that a message spells out; `rows` of the finding has all


def check_overlaps(table: DecisionTable, space: Space) -> Iterator[LintFinding]:
    """One finding per row that overlaps later rows, with a fact that both accept."""
    if table.hit not in (HitPolicy.UNIQUE, HitPolicy.ANY):
        return
    for row in range(len(space.rows)):
        if space.opaque >> row & 1:
            yield from _opaque(table, space, row)
            continue
        others = [other for other in bits(space.overlapping(row)) if other > row]
        if table.hit is HitPolicy.ANY:
            others = [other for other in others if _disagree(space, row, other)]
        if others:
            yield _finding(table, space, row, others)


def _opaque(table: DecisionTable, space: Space, row: int) -> Iterator[LintFinding]:
    """A row with a condition over other facts may match together with any row that its other conditions allow."""
    for other in range(len(space.rows)):
        is_later = other > row or not space.opaque >> other & 1
        if other == row or not is_later or (table.hit is HitPolicy.ANY and not _disagree(space, row, other)):
            continue
        box = space.common(row, other)
        if all(box):
            ids = (space.rows[row].id, space.rows[other].id)
            problem = f"row `{ids[0]}` compares facts with each other and may match together with `{ids[1]}`"
            fix = "put the comparison into a derived fact that both rows look at"
            witness = space.witness(tuple(segments[0] for segments in box))
            where = space.rows[row].where
            yield LintFinding(FindingKind.NOT_ANALYSED, table.name, ids, problem, fix, witness, where)
            return


def _disagree(space: Space, first: int, second: int) -> bool:
    return space.rows[first].outcome != space.rows[second].outcome


def _finding(table: DecisionTable, space: Space, row: int, others: list[int]) -> LintFinding:
    is_any = table.hit is HitPolicy.ANY
    kind = FindingKind.CONTRADICTION if is_any else FindingKind.OVERLAP
    ids = tuple(space.rows[member].id for member in (row, *others))
    named = ", ".join(f"`{name}`" for name in ids[1 : _NAMED + 1])
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    ending = "with other outcomes" if is_any else "in a UNIQUE table"
    problem = f"row `{ids[0]}` matches together with {named}{more}, {ending}"
    fix = (
        "give them the same outcome or make them exclude each other"
        if is_any
        else "make them exclude each other"
    )
    witness = space.witness(tuple(segments[0] for segments in space.common(row, others[0])))
    return LintFinding(kind, table.name, ids, problem, fix, witness, space.rows[others[0]].where)
