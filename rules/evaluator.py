"""
Facts in, outcome and evidence out: pure, and total over valid facts.

DMN 1.3, section 8.2.8, with two differences that favour caution: a missing fact is an error and
not null, and rows of a UNIQUE or ANY table that contradict each other are an error and not null.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial, reduce
from typing import NamedTuple, cast

from rules.document import Aggregate, HitPolicy
from rules.errors import DerivationError, FactValueError, HitPolicyError, UnknownFactError
from rules.feel import Expression, FeelError, Value
from rules.feel.values import NUMBERS
from rules.ruleset import Ruleset
from rules.shapes import did_you_mean
from rules.table import DecisionTable, DerivedFact, Row


class Reading(NamedTuple):
    """
    One fact that an evaluation looked at; a tuple, since a decision makes thousands of them.

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


# What Reading._make does, but for a look at the length.
_READING: Callable[[tuple[str, Value, str, str]], Reading] = partial(tuple.__new__, Reading)


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
    """

    table: str
    determining_rows: tuple[str, ...]
    outcome: Mapping[str, Value]
    reasons: tuple[str, ...]
    trace: tuple[Reading, ...]


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
    return _evaluate(table, _read(table, facts, {}))


def evaluate_stage(ruleset: Ruleset, stage: str, facts: Mapping[str, Value]) -> tuple[Evaluation, ...]:
    """Ask every table of a stage, in file order; what several look at is read once."""
    scope: dict[str, Value] = {}
    found, known = [], None
    for table in ruleset.tables_of(stage):
        if table.known is not known:  # a policy set's tables share one vocabulary
            known = table.known
            _refuse_unknown(known, facts)
        found.append(_evaluate(table, _read(table, facts, scope)))
    return tuple(found)


def _evaluate(table: DecisionTable, scope: Mapping[str, Value]) -> Evaluation:
    rows: Sequence[Row] = table.index.find(scope)
    if not rows and table.default is not None:
        rows = (table.default,)
    rows = _HIT[table.hit](table, rows)
    return Evaluation(
        table.name,
        tuple([row.id for row in rows]),
        _outcome(table, rows, scope),
        tuple([row.because.fill(scope) for row in rows]),
        _trace(table, rows, scope),
    )


def derive(derived: Sequence[DerivedFact], scope: dict[str, Value]) -> None:
    """Add the derived facts that a scope does not hold yet, each after those it is made of."""
    for fact in derived:
        if fact.field.name in scope:
            continue
        value = _compute(fact.field.name, fact.expression, scope)
        scope[fact.field.name] = fact.field.check(value)


def _refuse_unknown(known: frozenset[str], facts: Mapping[str, Value]) -> None:
    if type(facts) is not dict and not isinstance(facts, Mapping):
        raise FactValueError("facts", f"a {type(facts).__name__}", "give a map from fact to value")
    if not known.issuperset(facts):
        unknown = min(facts.keys() - known, key=str)
        raise UnknownFactError(str(unknown), "unknown", did_you_mean(str(unknown), known))


def _read(table: DecisionTable, facts: Mapping[str, Value], scope: dict[str, Value]) -> Mapping[str, Value]:
    """Add to a scope what a table looks at and is not there yet."""
    for field in table.reads:
        if field.name not in scope:
            scope[field.name] = field.read(facts)
    derive(table.derived, scope)
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


def _unique(table: DecisionTable, rows: Sequence[Row]) -> Sequence[Row]:
    if len(rows) > 1:
        ids = tuple(row.id for row in rows)
        raise HitPolicyError(
            table.name, ids, "several rows match in a UNIQUE table; make them exclude each other"
        )
    return rows


def _any(table: DecisionTable, rows: Sequence[Row]) -> Sequence[Row]:
    """All rows that match agree; the first stands for them in the outcome, all in the evidence."""
    if any(row.outcome != rows[0].outcome for row in rows[1:]):
        ids = tuple(row.id for row in rows)
        raise HitPolicyError(table.name, ids, "rows of an ANY table disagree; give them the same outcome")
    return rows


def _as_found(_: DecisionTable, rows: Sequence[Row]) -> Sequence[Row]:
    """The index already found them in the order of the policy: FIRST, PRIORITY, RULE ORDER, ..."""
    return rows


_HIT: Mapping[HitPolicy, Callable[[DecisionTable, Sequence[Row]], Sequence[Row]]] = {
    HitPolicy.UNIQUE: _unique,
    HitPolicy.ANY: _any,
    HitPolicy.PRIORITY: _as_found,
    HitPolicy.FIRST: _as_found,
    HitPolicy.COLLECT: _as_found,
    HitPolicy.RULE_ORDER: _as_found,
    HitPolicy.OUTPUT_ORDER: _as_found,
}


def _outcome(table: DecisionTable, rows: Sequence[Row], scope: Mapping[str, Value]) -> Mapping[str, Value]:
    if table.hit.is_single:
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


def _outputs_of(table: DecisionTable, row: Row, scope: Mapping[str, Value]) -> dict[str, Value]:
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


def _trace(table: DecisionTable, rows: Sequence[Row], scope: Mapping[str, Value]) -> tuple[Reading, ...]:
    if not rows:
        return tuple([_READING((field.name, scope[field.name], "", "-")) for field in table.inputs])
    return tuple([_READING((fact, scope[fact], row.id, test)) for row in rows for fact, test in row.evidence])
