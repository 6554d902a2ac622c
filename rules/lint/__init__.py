"""Proof before publishing: what is wrong with a ruleset that compiles, with a witness for each finding."""

from rules.charter import Charter
from rules.lint.finding import FindingKind, LintFinding
from rules.lint.roles import check_roles
from rules.ruleset import Ruleset

__all__ = ["FindingKind", "LintFinding", "check_ruleset"]


def check_ruleset(ruleset: Ruleset, charter: Charter) -> tuple[LintFinding, ...]:
    """
    Every finding, sorted by place.

    Parameters
    ----------
    charter
        Tells which roles and domains exist, and who is in them.
    """
    found = [*check_roles(ruleset, charter)]
    return tuple(sorted(found, key=lambda finding: (finding.where, finding.kind, finding.rows)))
