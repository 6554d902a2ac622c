"""Decision tables as compiled: rows of conditions over facts, outcomes, and the hit policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from rules.conditions import Cell
from rules.diagnostics import Position
from rules.document import Aggregate, HitPolicy, PolicyStage
from rules.errors import FactValueError
from rules.feel import Expression, Value
from rules.index import RowIndex
from rules.schema import FactField, FactType


@dataclass(frozen=True, slots=True)
class Reason:
    """A `because` text, cut at its placeholders: text, fact, text, fact, ..., text."""

    parts: tuple[str, ...]

    def fill(self, scope: Mapping[str, Value]) -> str:
        """The text with the values filled in."""
        if len(self.parts) == 1:
            return self.parts[0]
        filled = list(self.parts)
        filled[1::2] = [say(scope[fact]) for fact in self.parts[1::2]]
        return "".join(filled)

    @property
    def facts(self) -> tuple[str, ...]:
        """Facts that the text mentions."""
        return self.parts[1::2]


@dataclass(frozen=True, slots=True)
class Row:
    """
    One rule of a table.

    Parameters
    ----------
    cells
        One per input that the row constrains.
    evidence
        Condition, as written, on every input; ``-`` for none.
    outcome
        The constant outputs.
    computed
        Outputs that are expressions over facts.
    rank
        Place in the order in which single-hit policies prefer rows, and OUTPUT ORDER lists them.
    """

    id: str
    cells: tuple[Cell, ...]
    evidence: tuple[tuple[str, str], ...]
    outcome: Mapping[str, Value]
    computed: tuple[tuple[str, Expression], ...]
    because: Reason
    rank: int
    where: Position

    def cell(self, fact: str) -> Cell | None:
        """The condition on a fact, None when the row does not look at it."""
        return next((cell for cell in self.cells if cell.fact == fact), None)


@dataclass(frozen=True, slots=True)
class Output:
    """
    One result column.

    Parameters
    ----------
    values
        Allowed values, highest priority first; empty = any.
    """

    name: str
    type: FactType
    values: tuple[Value, ...]

    def check(self, value: Value) -> Value:
        """
        A computed value, as declared.

        Raises
        ------
        FactValueError
            When it has another type or is not among the allowed values.
        """
        checked = FactField(self.name, self.type).check(value)
        if self.values and checked not in self.values:
            allowed = ", ".join(map(say, self.values))
            raise FactValueError(self.name, f"`{say(value)[:80]}` is not allowed", f"allowed: {allowed}")
        return checked


@dataclass(frozen=True, slots=True)
class DerivedFact:
    """A fact that the policy set computes from other facts."""

    field: FactField
    expression: Expression
    text: str
    where: Position


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """
    A compiled table.

    Parameters
    ----------
    inputs
        Facts of the columns, in file order.
    reads
        Given facts that evaluation needs: inputs, and what expressions and reasons mention.
    derived
        Derived facts that evaluation needs, each after those it is made of.
    known
        Every fact that may be given.
    """

    name: str
    stage: PolicyStage
    hit: HitPolicy
    aggregate: Aggregate | None
    inputs: tuple[FactField, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]
    default: Row | None
    reads: tuple[FactField, ...]
    derived: tuple[DerivedFact, ...]
    known: frozenset[str]
    index: RowIndex[Row]
    where: Position

    def output(self, name: str) -> Output:
        """The output of a name that the table declares."""
        return next(output for output in self.outputs if output.name == name)


def say(value: Value) -> str:
    """A value in a sentence: `120,000`, `2026-12-01`, `true`."""
    match value:
        case str():
            return value
        case Decimal():
            text = f"{value:,f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case date() | datetime():
            return value.isoformat()
        case _:
            return str(value)
