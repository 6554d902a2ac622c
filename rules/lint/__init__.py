"""Proof before publishing: what is wrong with a ruleset that compiles, with a witness for each finding."""

from collections.abc import Iterator

from rules.charter import Charter
from rules.lint.coverage import check_gaps, check_thresholds
from rules.lint.dead import check_facts, check_outputs, check_rows
from rules.lint.finding import FindingKind, LintFinding
from rules.lint.joins import check_joins
from rules.lint.overlap import check_overlaps
from rules.lint.roles import check_roles
from rules.lint.space import TooComplexError, table_space
from rules.lint.values import check_derived, check_outputs_computed
from rules.ruleset import Ruleset
from rules.table import DecisionTable

__all__ = ["FindingKind", "LintFinding", "check_ruleset"]


def check_ruleset(ruleset: Ruleset, charter: Charter) -> tuple[LintFinding, ...]:
    """
    Every finding, sorted by place.

    Parameters
    ----------
    charter
        Tells which roles and domains exist, and who is in them.
    """
    found = [
        *check_roles(ruleset, charter),
        *check_facts(ruleset),
        *check_derived(ruleset),
        *check_joins(ruleset),
    ]
    for table in ruleset.tables:
        found += check_table(table)
    return tuple(sorted(found, key=lambda finding: (finding.where, finding.kind, finding.rows)))


def check_table(table: DecisionTable) -> tuple[LintFinding, ...]:
    """What the rows of one table say together; what exceeds the work limit is said, not skipped."""
    found: list[LintFinding] = []
    try:
        for finding in _analyse(table):
            found.append(finding)  # noqa: PERF402  # findings before the limit are kept
    except TooComplexError:
        problem = "the rows are too entangled to be checked within the work limit"
        fix = "split the table"
        found.append(LintFinding(FindingKind.NOT_ANALYSED, table.name, (), problem, fix, {}, table.where))
    return tuple(found)


def _analyse(table: DecisionTable) -> Iterator[LintFinding]:
    space = table_space(table)
    yield from check_overlaps(table, space)
    silent = []
    for finding in check_rows(table, space):
        silent.append(finding.rows[0])
        yield finding
    yield from check_outputs(table, frozenset(silent))
    yield from check_outputs_computed(table, space)
    holes: set[tuple[int, int]] = set()
    for finding, segments in check_thresholds(table, space):
        holes |= segments
        yield finding
    yield from check_gaps(table, space, frozenset(holes))
