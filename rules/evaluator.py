"""
Facts in, outcome and evidence out: pure, and total over valid facts.

DMN 1.3, section 8.2.8, with two differences that favour caution: a missing fact is an error and
not null, and rows of a UNIQUE or ANY table that contradict each other are an error and not null.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import NamedTuple, cast

from rules.document import Aggregate, HitPolicy
from rules.errors import DerivationError, FactValueError, HitPolicyError, UnknownFactError
from rules.feel import Expression, FeelError, Value
from rules.feel.values import NUMBERS
from rules.ruleset import Ruleset
from rules.schema import FactField
from rules.shapes import did_you_mean
from rules.table import DecisionTable, DerivedFact, Row


class Reading(NamedTuple):
    """
    One fact that an evaluation looked at.

    Parameters
    ----------
    row
        Id of the determining row; empty when no row answered.
    test
        Condition that the row puts on the fact; ``-`` for none.
    """

    fact: str
    value: Value
    row: str
    test: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """
    The outcome and everything looked at on the way. Pure data; safe to log.

    Parameters
    ----------
    determining_rows
        Ids of the rows that made the outcome; ``default`` for the table's default; empty when no
        row matched.
    outcome
        Value by output. Outputs that the rows leave open are absent. Policies that return all
        rows (COLLECT, RULE ORDER, OUTPUT ORDER) give a tuple per output, in step with the rows.
    reasons
        One per determining row, with the values filled in.
    readings
        Value by input of the table: every row looks at all of them.
    """

    table: str
    determining_rows: tuple[str, ...]
    outcome: Mapping[str, Value]
    reasons: tuple[str, ...]
    readings: Mapping[str, Value]
    _rows: Sequence[Row] = field(compare=False, repr=False)

    @property
    def trace(self) -> tuple[Reading, ...]:
        """What each determining row asked of every fact that was looked at."""
        if not self._rows:
            return tuple([Reading(fact, value, "", "-") for fact, value in self.readings.items()])
        return tuple(
            [
                Reading(fact, self.readings[fact], row.id, test)
                for row in self._rows
                for fact, test in row.evidence
            ]
        )


def evaluate(table: DecisionTable, facts: Mapping[str, Value]) -> Evaluation:
    """
    Ask one table.

    Raises
    ------
    MissingFactError, UnknownFactError, FactValueError
        When the facts are not those of the schema.
    DerivationError
        When a derived fact or a computed output has no value.
    HitPolicyError
        When rows match that may not match together.
    """
    _refuse_unknown(table.known, facts)
    return _evaluate(table, _read(table.reads, table.derived, facts, {}))


def evaluate_stage(ruleset: Ruleset, stage: str, facts: Mapping[str, Value]) -> tuple[Evaluation, ...]:
    """Ask every table of a stage, in file order; what several look at is read once."""
    scope: dict[str, Value] = {}
    found = []
    for table, known, reads, derived in ruleset.turns_at(stage):
        if known is not None:
            _refuse_unknown(known, facts)
        found.append(_evaluate(table, _read(reads, derived, facts, scope)))
    return tuple(found)


def _evaluate(table: DecisionTable, scope: Mapping[str, Value]) -> Evaluation:
    rows: Sequence[Row] = table.index.find(scope)
    if not rows and table.default is not None:
        rows = (table.default,)
    if len(rows) > 1 and table.hit in _ONLY_TOGETHER:
        _ONLY_TOGETHER[table.hit](table, rows)
    return Evaluation(
        table.name,
        tuple([row.id for row in rows]),
        _outcome(table, rows, scope),
        tuple([row.because.fill(scope) for row in rows]),
        {given.name: scope[given.name] for given in table.inputs},
        rows,
    )


def derive(derived: Sequence[DerivedFact], scope: dict[str, Value]) -> None:
    """Add the derived facts that a scope does not hold yet, each after those it is made of."""
    for fact in derived:
        if fact.field.name in scope:
            continue
        value = _compute(fact.field.name, fact.expression, scope)
        scope[fact.field.name] = value if fact.field.fits(value) else fact.field.check(value)


def _refuse_unknown(known: frozenset[str], facts: Mapping[str, Value]) -> None:
    if type(facts) is not dict and not isinstance(facts, Mapping):
        raise FactValueError("facts", f"a {type(facts).__name__}", "give a map from fact to value")
    if not known.issuperset(facts):
        unknown = min(facts.keys() - known, key=str)
        raise UnknownFactError(str(unknown), "unknown", did_you_mean(str(unknown), known))


def _read(
    reads: Sequence[FactField],
    derived: Sequence[DerivedFact],
    facts: Mapping[str, Value],
    scope: dict[str, Value],
) -> Mapping[str, Value]:
    """Add to a scope what a table looks at and is not there yet."""
    for given in reads:
        value = facts.get(given.name)
        scope[given.name] = value if given.fits(value) else given.read(facts)
    if derived:
        derive(derived, scope)
    return scope


def _compute(name: str, expression: Expression, scope: Mapping[str, Value]) -> Value:
    try:
        value = expression.evaluate(scope)
    except FeelError as error:
        raise DerivationError(name, error.message, "correct its expression") from None
    if value is None:
        problem = f"`{expression.text[:80]}` has no value for these facts"
        raise DerivationError(name, problem, "cover the case, for example with `if ... then ... else ...`")
    return value


def _refuse_several(table: DecisionTable, rows: Sequence[Row]) -> None:
    ids = tuple(row.id for row in rows)
    raise HitPolicyError(
        table.name, ids, "several rows match in a UNIQUE table; make them exclude each other"
    )


def _refuse_disagreement(table: DecisionTable, rows: Sequence[Row]) -> None:
    """All rows that match agree; the first stands for them in the outcome, all in the evidence."""
    if any(row.outcome != rows[0].outcome for row in rows[1:]):
        ids = tuple(row.id for row in rows)
        raise HitPolicyError(table.name, ids, "rows of an ANY table disagree; give them the same outcome")


# Who asks more of several rows than their order, which is that in which the index found them.
_ONLY_TOGETHER: Mapping[HitPolicy, Callable[[DecisionTable, Sequence[Row]], None]] = {
    HitPolicy.UNIQUE: _refuse_several,
    HitPolicy.ANY: _refuse_disagreement,
}
_SINGLE = frozenset(hit for hit in HitPolicy if hit.is_single)


def _outcome(table: DecisionTable, rows: Sequence[Row], scope: Mapping[str, Value]) -> Mapping[str, Value]:
    if table.hit in _SINGLE:
        return _outputs_of(table, rows[0], scope) if rows else {}
    if table.aggregate is Aggregate.COUNT:
        return _count(table, rows)
    outcomes = [_outputs_of(table, row, scope) for row in rows]
    if table.aggregate is None:
        return {
            output.name: tuple([found.get(output.name) for found in outcomes]) for output in table.outputs
        }
    output = table.outputs[0].name
    values = [cast("Decimal", found[output]) for found in outcomes]
    return {output: _FOLDS[table.aggregate](values)} if values else {}


def _outputs_of(table: DecisionTable, row: Row, scope: Mapping[str, Value]) -> Mapping[str, Value]:
    if not row.computed:
        return row.outcome
    found = dict(row.outcome)
    for name, expression in row.computed:
        value = _compute(f"{table.name}.{name}", expression, scope)
        found[name] = table.output(name).check(value)
    return found


def _sum(values: Sequence[Decimal]) -> Decimal:
    return reduce(NUMBERS.add, values)


def _count(table: DecisionTable, rows: Sequence[Row]) -> Mapping[str, Value]:
    return {table.outputs[0].name: Decimal(len(rows))}


_FOLDS: Mapping[Aggregate, Callable[[Sequence[Decimal]], Decimal]] = {
    Aggregate.SUM: _sum,
    Aggregate.MIN: min,
    Aggregate.MAX: max,
}
