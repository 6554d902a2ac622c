"""Roles that policies name and the charter does not know, or that have nobody in them."""

from collections.abc import Iterator
from dataclasses import replace

from rules.charter import Charter
from rules.diagnostics import Position
from rules.lint.finding import FindingKind, LintFinding
from rules.ruleset import Ruleset
from rules.shapes import did_you_mean
from rules.table import DecisionTable, Row

ROLE_OUTPUT = "role"  # the output of this name says who is asked
ESCALATE = "escalate"  # what a join calls it
_DOMAIN_OUTPUT = "domain"


def check_roles(ruleset: Ruleset, charter: Charter) -> Iterator[LintFinding]:
    """Every role, domain and owner that the ruleset names exists and has somebody in it."""
    for table in ruleset.tables:
        for row in (*table.rows, *((table.default,) if table.default else ())):
            yield from _role(table, row, charter)
            yield from _domain(table, row, charter)
    for rule, where in zip(ruleset.joins, ruleset.join_places, strict=True):
        yield from _known(rule.then.get(ESCALATE), rule.name, "the join", where, charter)


def _role(table: DecisionTable, row: Row, charter: Charter) -> Iterator[LintFinding]:
    rows = (row.id,)
    for found in _known(row.outcome.get(ROLE_OUTPUT), table.name, f"row `{row.id}`", row.where, charter):
        yield replace(found, rows=rows)


def _known(name: object, table: str, who: str, where: Position, charter: Charter) -> Iterator[LintFinding]:
    if not isinstance(name, str):
        return
    role = charter.role(name)
    if role is None:
        problem = f"{who} asks the role `{name}`, which the charter does not know"
        fix = did_you_mean(name, (known.name for known in charter.roles))
        yield LintFinding(FindingKind.UNKNOWN_ROLE, table, (), problem, fix, {}, where)
    elif not role.members:
        problem = f"{who} asks the role `{name}`, which has no members"
        fix = "name a member in the charter, or nobody will answer"
        yield LintFinding(FindingKind.EMPTY_ROLE, table, (), problem, fix, {}, where)


def _domain(table: DecisionTable, row: Row, charter: Charter) -> Iterator[LintFinding]:
    name = row.outcome.get(_DOMAIN_OUTPUT)
    if isinstance(name, str) and charter.domain(name) is None:
        problem = f"row `{row.id}` names the domain `{name}`, which the charter does not know"
        fix = did_you_mean(name, (known.name for known in charter.domains))
        yield LintFinding(FindingKind.UNKNOWN_ROLE, table.name, (row.id,), problem, fix, {}, row.where)
