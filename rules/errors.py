"""What the rule engine refuses, one class per thing a caller can act on."""

from rules.diagnostics import Diagnostic


class RulesError(Exception):
    """Base of everything this package raises."""


class CompileError(RulesError):
    """
    Policy files that do not make a ruleset; every reason, not the first one.

    Parameters
    ----------
    diagnostics
        Sorted by file, line and column.
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = diagnostics


class FactError(RulesError):
    """
    A fact that the rules cannot read.

    Parameters
    ----------
    fact
        Name of the fact, for example ``order.value``.
    """

    def __init__(self, fact: str, problem: str, fix: str) -> None:
        super().__init__(f"fact `{fact[:200]}`: {problem}; {fix}")
        self.fact = fact
        self.problem = problem
        self.fix = fix


class MissingFactError(FactError):
    """A table reads the fact and nobody gave it: an error, never false."""


class UnknownFactError(FactError):
    """A fact was given that the schema does not declare."""


class FactValueError(FactError):
    """The fact has another type, unit range or value than the schema declares."""


class DerivationError(FactError):
    """The expression of a derived fact, or of an output, has no value for these facts."""


class HitPolicyError(RulesError):
    """
    Rows match that the hit policy forbids to match together.

    Parameters
    ----------
    table
        Name of the decision table.
    rows
        Ids of the rows that matched.
    """

    def __init__(self, table: str, rows: tuple[str, ...], problem: str) -> None:
        super().__init__(f"table `{table}`: rows {', '.join(f'`{row}`' for row in rows)}: {problem}")
        self.table = table
        self.rows = rows


class UnknownTableError(RulesError):
    """The ruleset has no table, ladder or playbook of this name."""


class CharterError(RulesError):
    """The charter does not know a role, domain or owner that was asked for."""
