"""Expressions that have no value for facts that may come: absent suppliers, divisions by nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from rules.errors import FactError, RulesError
from rules.evaluator import derive, evaluate
from rules.feel import Value, YearMonthDuration
from rules.lint.finding import FindingKind, LintFinding
from rules.lint.space import Space, sample
from rules.ruleset import Ruleset
from rules.schema import FactField, FactType
from rules.table import DecisionTable, DerivedFact

_FIX = "cover the case, for example with `if ... then ... else ...`"
_SAMPLES: Mapping[FactType, tuple[Value, ...]] = {
    FactType.NUMBER: (Decimal(2), Decimal(0), Decimal(1), Decimal(-1)),
    FactType.TEXT: ("x", ""),
    FactType.BOOLEAN: (True, False),
    FactType.DATE: (date(2026, 1, 31), date(2028, 2, 29)),
    FactType.TIME: (time(12), time(0)),
    FactType.DATE_TIME: (datetime(2026, 1, 31, 12),),  # noqa: DTZ001  # rules may speak of local time
    FactType.DAYS_DURATION: (timedelta(days=1), timedelta(0)),
    FactType.MONTHS_DURATION: (YearMonthDuration(1), YearMonthDuration(0)),
}


@dataclass(frozen=True, slots=True)
class _Chain:
    """A derived fact with the given facts and the derived facts that it takes to know it."""

    fact: DerivedFact
    given: tuple[FactField, ...]
    before: tuple[DerivedFact, ...]


def check_derived(ruleset: Ruleset) -> Iterator[LintFinding]:
    """
    Derived facts that some facts of the schema leave without a value: the decision would fail.

    Tried are the ends of each fact's range, zero, its listed values and its absence, one fact at a time,
    and everything optional absent together. What depends on a fact that is reported is not reported again.
    """
    reported: set[str] = set()
    for chain in _chains(ruleset):
        if reported & chain.fact.expression.names:
            reported.add(chain.fact.field.name)
            continue
        for facts in _variations(chain.given):
            problem = _failure(chain, facts)
            if problem:
                reported.add(chain.fact.field.name)
                where = chain.fact.where
                yield LintFinding(FindingKind.NO_VALUE, "facts", (), problem, _FIX, facts, where)
                break


def _chains(ruleset: Ruleset) -> Iterator[_Chain]:
    for place, fact in enumerate(ruleset.derived):
        wanted, before = set(fact.expression.names), []
        for earlier in reversed(ruleset.derived[:place]):
            if earlier.field.name in wanted:
                before.append(earlier)
                wanted |= earlier.expression.names
        given = tuple(declared for declared in ruleset.schema.fields if declared.name in wanted)
        yield _Chain(fact, given, tuple(reversed(before)))


def _failure(chain: _Chain, facts: Mapping[str, Value]) -> str:
    """What is wrong with the derived fact for these facts; empty when nothing is."""
    scope = dict(facts)
    try:
        derive((*chain.before, chain.fact), scope)
    except FactError as error:
        return f"derived fact `{error.fact}`: {error.problem}"
    except RulesError as error:
        return f"derived fact `{chain.fact.field.name}`: {error}"
    return ""


def _variations(given: tuple[FactField, ...]) -> Iterator[dict[str, Value]]:
    """The usual facts, each fact at each of its other values, and all that is optional absent."""
    samples = {declared.name: _samples(declared) for declared in given}
    usual = {name: values[0] for name, values in samples.items()}
    yield usual
    for name, values in samples.items():
        yield from ({**usual, name: value} for value in values[1:])
    absent: dict[str, Value] = {declared.name: None for declared in given if declared.is_optional}
    if len(absent) > 1:
        yield {**usual, **absent}


def _samples(declared: FactField) -> tuple[Value, ...]:
    """Values that the schema allows, an ordinary one first, the absent one last."""
    ends = [end for end in (declared.high, declared.low) if end is not None]
    candidates: tuple[Value, ...] = declared.values or (*_SAMPLES[declared.type], *ends)
    found = [value for value in candidates if _is_allowed(declared, value)]
    return (*dict.fromkeys(found), None) if declared.is_optional else tuple(dict.fromkeys(found))


def _is_allowed(declared: FactField, value: Value) -> bool:
    try:
        declared.check(value)
    except FactError:
        return False
    return True


def check_outputs_computed(table: DecisionTable, space: Space) -> Iterator[LintFinding]:
    """Rows that answer and have no value for an output that they compute, with facts for which they do."""
    for place, row in enumerate(space.rows):
        box = space.box_of(place)
        if not row.computed or not all(box) or space.opaque >> place & 1:
            continue
        for facts in _inside(table, space, place):
            problem = _refusal(table, row.id, facts)
            if problem:
                yield LintFinding(
                    FindingKind.NO_VALUE, table.name, (row.id,), problem, _FIX, facts, row.where
                )
                break


def _inside(table: DecisionTable, space: Space, place: int) -> Iterator[Mapping[str, Value]]:
    """Facts that the row accepts: a corner of its box, each input elsewhere in it, other facts varied."""
    if table.derived:  # inputs that are derived cannot be chosen freely
        yield from _variations(table.reads)
        return
    names = {declared.name for declared in space.fields}
    others = tuple(declared for declared in table.reads if declared.name not in names)
    corner = [segments[0] for segments in space.box_of(place)]
    inputs = dict(space.witness(tuple(corner)))
    for facts in _variations(others):
        yield {**inputs, **facts}
    usual = next(_variations(others))
    for c, segments in enumerate(space.box_of(place)):
        for segment in segments[1:]:
            value = sample(space.columns[c], space.fields[c], segment)
            yield {**inputs, **usual, space.fields[c].name: value}


def _refusal(table: DecisionTable, row: str, facts: Mapping[str, Value]) -> str:
    """Why the row has no answer for facts that it accepts; empty when it has one, or another row answers."""
    try:
        evaluate(table, facts)
    except FactError as error:
        output = error.fact.removeprefix(f"{table.name}.")
        computed = {name for found in table.rows if found.id == row for name, _ in found.computed}
        return f"row `{row}`, output `{output}`: {error.problem}" if output in computed else ""
    except RulesError:  # rows that may not match together: reported as an overlap
        return ""
    return ""
