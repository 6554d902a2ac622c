"""What static analysis found, with a fact that proves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rules.diagnostics import Position
from rules.feel import Value, written


class FindingKind(StrEnum):
    """The kinds of finding."""

    GAP = "GAP"
    OVERLAP = "OVERLAP"
    CONTRADICTION = "CONTRADICTION"
    NEVER_FIRES = "NEVER_FIRES"
    UNREACHABLE_OUTPUT = "UNREACHABLE_OUTPUT"
    THRESHOLD_HOLE = "THRESHOLD_HOLE"
    UNUSED_FACT = "UNUSED_FACT"
    NO_VALUE = "NO_VALUE"
    JOIN_EXPLOSION = "JOIN_EXPLOSION"
    UNKNOWN_ROLE = "UNKNOWN_ROLE"
    EMPTY_ROLE = "EMPTY_ROLE"
    NOT_ANALYSED = "NOT_ANALYSED"


@dataclass(frozen=True, slots=True)
class LintFinding:
    """
    One finding.

    Parameters
    ----------
    rows
        Ids of the rows concerned.
    witness
        Facts for which the problem shows, those of the table's inputs; empty where no facts are
        needed to see it.
    """

    kind: FindingKind
    table: str
    rows: tuple[str, ...]
    message: str
    fix: str
    witness: Mapping[str, Value]
    where: Position

    def __str__(self) -> str:
        """One line: place, kind, problem, witness, fix."""
        facts = ", ".join(f"{name} = {written(value)}" for name, value in self.witness.items())
        seen = f"; for example {facts}" if facts else ""
        return f"{self.where}: {self.kind}: `{self.table}`: {self.message}{seen}; {self.fix}"
