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
    yield from _owner(ruleset, charter)
    for table in ruleset.tables:
        for row in (*table.rows, *((table.default,) if table.default else ())):
            yield from _role(table, row, charter)
            yield from _domain(table, row, charter)
    for rule, where in zip(ruleset.joins, ruleset.join_places, strict=True):
        yield from _known(rule.then.get(ESCALATE), rule.name, "the join", where, charter)


def _owner(ruleset: Ruleset, charter: Charter) -> Iterator[LintFinding]:
    """The owner owns a domain: its quorum is the one that approves the release."""
    owners = {domain.owner for domain in charter.domains}
    if ruleset.owner not in owners:
        problem = (
            f"the owner `{ruleset.owner}` owns no domain of the charter, so nobody could approve a release"
        )
        yield LintFinding(
            FindingKind.UNKNOWN_ROLE,
            ruleset.name,
            (),
            problem,
            did_you_mean(ruleset.owner, owners),
            {},
            ruleset.owner_place,
        )


def _role(table: DecisionTable, row: Row, charter: Charter) -> Iterator[LintFinding]:
    names = _roles_of(table, row)
    if not names:
        problem = f"row `{row.id}` computes the role, so nobody can tell whether the charter knows it"
        fix = "list the roles as the values of the output"
        yield LintFinding(FindingKind.NOT_ANALYSED, table.name, (row.id,), problem, fix, {}, row.where)
    for name in names:
        for found in _known(name, table.name, f"row `{row.id}`", row.where, charter):
            yield replace(found, rows=(row.id,))


def _roles_of(table: DecisionTable, row: Row) -> tuple[object, ...]:
    """The role a row names; where it is computed, all that the output allows."""
    if any(name == ROLE_OUTPUT for name, _ in row.computed):
        return table.output(ROLE_OUTPUT).values
    return (row.outcome.get(ROLE_OUTPUT),)


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
