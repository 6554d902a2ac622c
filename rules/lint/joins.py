"""Joins that multiply: facts that no equality ties to the facts before them."""

from collections.abc import Iterator
from decimal import Decimal

from rules.lint.finding import FindingKind, LintFinding
from rules.ruleset import Ruleset

_FACTS = 1000  # orders in a plan of ordinary size


def check_joins(ruleset: Ruleset) -> Iterator[LintFinding]:
    """
    One finding per join whose combinations grow with a power of the facts.

    The witness is a number of facts of each kind, and what they multiply to.
    """
    for rule, where in zip(ruleset.joins, ruleset.join_places, strict=True):
        loose = rule.unkeyed
        if loose:
            combinations = Decimal(_FACTS) ** (1 + len(loose))
            named = ", ".join(f"`{alias}`" for alias in loose)
            problem = f"{named} is tied to no fact before it by `=`: {combinations:,f} combinations"
            witness = {f"facts of kind {alias.kind}": Decimal(_FACTS) for alias in rule.aliases}
            fix = f"add a test like `{rule.aliases[0].name}.item = {loose[0]}.item`"
            yield LintFinding(FindingKind.JOIN_EXPLOSION, rule.name, (), problem, fix, witness, where)
