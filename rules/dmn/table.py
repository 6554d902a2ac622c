"""
Decision tables: DMN 1.3, clause 8.

Hit policies U, A, P, F, R, O, C and the aggregations of C. What the standard calls an error, two
rows of a UNIQUE table or different outputs in an ANY table, has the outcome null and says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rules.feel import BUILTINS, Expression, UnaryTests, Value
from rules.feel.operators import equal
from rules.feel.values import Scope


class HitPolicy(StrEnum):
    """Which rows may match together, and what then is the outcome."""

    UNIQUE = "UNIQUE"
    ANY = "ANY"
    PRIORITY = "PRIORITY"
    FIRST = "FIRST"
    RULE_ORDER = "RULE ORDER"
    OUTPUT_ORDER = "OUTPUT ORDER"
    COLLECT = "COLLECT"


class Aggregation(StrEnum):
    """What COLLECT makes of the outputs."""

    LIST = "LIST"
    SUM = "SUM"
    MIN = "MIN"
    MAX = "MAX"
    COUNT = "COUNT"


@dataclass(frozen=True, slots=True)
class Input:
    """
    An input clause.

    Parameters
    ----------
    type_name
        The declared type as written; empty when there is none.
    allowed
        The declared input values.
    """

    expression: Expression
    type_name: str
    allowed: UnaryTests | None


@dataclass(frozen=True, slots=True)
class Output:
    """
    An output clause.

    Parameters
    ----------
    order
        The declared output values, best first; empty when there are none.
    default
        The outcome when no row matches.
    """

    name: str
    type_name: str
    order: tuple[Value, ...]
    default: Expression | None


@dataclass(frozen=True, slots=True)
class Row:
    """
    A rule of the table.

    Parameters
    ----------
    because
        The annotation a person wrote.
    """

    id: str
    tests: tuple[UnaryTests, ...]
    outputs: tuple[Expression, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Hit:
    """What a table says: outcome, the readings it rests on, the rows that matched, what went wrong."""

    outcome: Value
    readings: Mapping[str, Value]
    rows: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table of the model."""

    hit_policy: HitPolicy
    aggregation: Aggregation
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]

    def evaluate(self, scope: Scope) -> Hit:
        """The outcome for one scope."""
        values = [clause.expression.evaluate(scope) for clause in self.inputs]
        readings = {clause.expression.text: value for clause, value in zip(self.inputs, values, strict=True)}
        for clause, value in zip(self.inputs, values, strict=True):
            if value is not None and clause.allowed is not None and not clause.allowed.matches(value, scope):
                return Hit(None, readings, (), f"`{clause.expression.text}` is outside its input values")
        matching = [row for row in self.rows if _matches(row, values, scope)]
        ids = tuple(row.id for row in matching)
        if not matching:
            return Hit(self._without_match(scope), readings, ())
        answers = [tuple(output.evaluate(scope) for output in row.outputs) for row in matching]
        for answer in answers:
            if (stranger := self._undeclared(answer)) is not None:
                return Hit(None, readings, ids, f"output `{stranger}` has a value outside its output values")
        outcome, problem = _POLICIES[self.hit_policy](self, answers)
        return Hit(outcome, readings, ids, problem)

    def compose(self, answer: tuple[Value, ...]) -> Value:
        """The single output, or a context of all of them."""
        if len(self.outputs) == 1:
            return answer[0]
        return {output.name: value for output, value in zip(self.outputs, answer, strict=True)}

    def _without_match(self, scope: Scope) -> Value:
        if any(output.default is not None for output in self.outputs):
            defaults = (output.default for output in self.outputs)
            return self.compose(tuple(None if one is None else one.evaluate(scope) for one in defaults))
        if self.hit_policy is not HitPolicy.COLLECT:
            return None
        return _COLLECTED_NOTHING.get(self.aggregation)

    def _undeclared(self, answer: tuple[Value, ...]) -> str | None:
        for output, value in zip(self.outputs, answer, strict=True):
            if output.order and value is not None and not any(equal(value, one) for one in output.order):
                return output.name or "1"
        return None

    def rank(self, answer: tuple[Value, ...]) -> tuple[int, ...]:
        """Places in the output values, leftmost output first; undeclared outputs do not count."""
        return tuple(
            next((at for at, one in enumerate(output.order) if equal(value, one)), len(output.order))
            for output, value in zip(self.outputs, answer, strict=True)
        )


_COLLECTED_NOTHING: Mapping[Aggregation, Value] = {Aggregation.LIST: (), Aggregation.COUNT: Decimal(0)}


def _matches(row: Row, values: list[Value], scope: Scope) -> bool:
    return all(tests.matches(value, scope) for tests, value in zip(row.tests, values, strict=True))


_Answers = list[tuple[Value, ...]]
_Policy = Callable[[Table, _Answers], tuple[Value, str]]


def _unique(table: Table, answers: _Answers) -> tuple[Value, str]:
    if len(answers) > 1:
        return None, "several rows of a UNIQUE table match"
    return table.compose(answers[0]), ""


def _any(table: Table, answers: _Answers) -> tuple[Value, str]:
    if any(equal(answer, answers[0]) is not True for answer in answers):
        return None, "rows of an ANY table match with different outputs"
    return table.compose(answers[0]), ""


def _first(table: Table, answers: _Answers) -> tuple[Value, str]:
    return table.compose(answers[0]), ""


def _priority(table: Table, answers: _Answers) -> tuple[Value, str]:
    return table.compose(min(answers, key=table.rank)), ""


def _output_order(table: Table, answers: _Answers) -> tuple[Value, str]:
    return tuple(table.compose(answer) for answer in sorted(answers, key=table.rank)), ""


def _rule_order(table: Table, answers: _Answers) -> tuple[Value, str]:
    return tuple(table.compose(answer) for answer in answers), ""


def _collect(table: Table, answers: _Answers) -> tuple[Value, str]:
    collected = tuple(table.compose(answer) for answer in answers)
    if table.aggregation is Aggregation.LIST:
        return collected, ""
    outcome = BUILTINS[table.aggregation.value.lower()].call((collected,))
    return outcome, "" if outcome is not None else f"the outputs have no {table.aggregation.value.lower()}"


_POLICIES: Mapping[HitPolicy, _Policy] = {
    HitPolicy.UNIQUE: _unique,
    HitPolicy.ANY: _any,
    HitPolicy.FIRST: _first,
    HitPolicy.PRIORITY: _priority,
    HitPolicy.OUTPUT_ORDER: _output_order,
    HitPolicy.RULE_ORDER: _rule_order,
    HitPolicy.COLLECT: _collect,
}
