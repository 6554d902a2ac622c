"""What can never happen: rows that never answer, outputs that never come out, facts nobody looks at."""

from collections.abc import Iterator

from rules.document import HitPolicy
from rules.lint.finding import FindingKind, LintFinding
from rules.lint.space import Space, bits
from rules.ruleset import Ruleset
from rules.table import DecisionTable, say


def check_rows(table: DecisionTable, space: Space) -> Iterator[LintFinding]:
    """Rows whose conditions exclude each other or the schema, and rows that preferred rows cover."""
    for row in range(len(space.rows)):
        box = space.box_of(row)
        empty = [space.fields[c].name for c, segments in enumerate(box) if not segments]
        if empty:
            yield _impossible(table, space, row, empty[0])
        elif table.hit in (HitPolicy.FIRST, HitPolicy.PRIORITY) and not space.opaque >> row & 1:
            rivals = space.overlapping(row) & ((1 << row) - 1)
            if rivals and space.uncovered(rivals, box) is None:
                yield _shadowed(table, space, row, rivals)


def _impossible(table: DecisionTable, space: Space, row: int, fact: str) -> LintFinding:
    ours = space.rows[row]
    cell = ours.cell(fact)
    written = cell.text if cell else "-"
    problem = f"row `{ours.id}` never fires: no value of `{fact}` that the schema allows passes `{written}`"
    return LintFinding(
        FindingKind.NEVER_FIRES, table.name, (ours.id,), problem, "correct the condition", {}, ours.where
    )


def _shadowed(table: DecisionTable, space: Space, row: int, rivals: int) -> LintFinding:
    ours = space.rows[row]
    point = tuple(segments[0] for segments in space.box_of(row))
    winner = next(r for r in bits(rivals) if all(s in space.segments_of(r, c) for c, s in enumerate(point)))
    problem = (
        f"row `{ours.id}` never fires: rows preferred to it answer first, here `{space.rows[winner].id}`"
    )
    fix = "move it up, narrow the other rows, or remove it"
    ids = (ours.id, space.rows[winner].id)
    return LintFinding(
        FindingKind.NEVER_FIRES, table.name, ids, problem, fix, space.witness(point), ours.where
    )


def check_outputs(table: DecisionTable, silent: frozenset[str]) -> Iterator[LintFinding]:
    """
    Allowed output values that no row gives.

    Parameters
    ----------
    silent
        Ids of rows that never fire.
    """
    speaking = [row for row in table.rows if row.id not in silent]
    speaking += [table.default] if table.default else []
    for output in table.outputs:
        if any(name == output.name for row in speaking for name, _ in row.computed):
            continue
        given = {row.outcome.get(output.name) for row in speaking}
        for value in output.values:
            if value not in given:
                problem = f"output `{output.name}` is never `{say(value)}`: no row that can fire gives it"
                fix = "add a row or remove the value"
                yield LintFinding(
                    FindingKind.UNREACHABLE_OUTPUT, table.name, (), problem, fix, {}, table.where
                )


def check_facts(ruleset: Ruleset) -> Iterator[LintFinding]:
    """Inputs that no row of their table looks at, and derived facts that nothing uses."""
    for table in ruleset.tables:
        for declared in table.inputs:
            if not any(row.cell(declared.name) for row in table.rows):
                problem = f"no row looks at the input `{declared.name}`"
                fix = "remove the input or add a condition"
                yield LintFinding(FindingKind.UNUSED_FACT, table.name, (), problem, fix, {}, table.where)
    used = {fact.field.name for table in ruleset.tables for fact in table.derived}
    for fact in ruleset.derived:
        if fact.field.name not in used:
            problem = f"derived fact `{fact.field.name}` is used nowhere"
            yield LintFinding(FindingKind.UNUSED_FACT, "facts", (), problem, "remove it", {}, fact.where)
