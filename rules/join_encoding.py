"""
A several-fact rule and its facts as durable-rules may see them: integers under names of our own.

Whatever belongs to one fact alone, presence of fields, tests, sums, is decided here with exact decimals and
reaches the engine as one bit per alias. What is left for the engine is the join: comparisons of one
integer with another. Nothing of the outside, no name, no text, no id, enters the engine, so its hash
collisions, type coercions, length limits and uninitialised reads have nothing to work on.

    {"r": {"all": [{"a0": {"$and": [{"kd": 1}, {"e0": 1}]}},
                   {"a1": {"$and": [{"kd": 1}, {"e1": 1}, {"$eq": {"l0": {"a0": "s0"}}}, {"$eq": {"nn": {"a0": "nn"}}}]}}],
           "count": 1, "pri": 1, "dist": 1},
     "p": {"all": [{"m": {"kd": 0}}], "count": 1, "pri": 2}}

`kd` is the kind, `e1` says that the fact can be alias 1, `l0` and `s0` are the sides of comparison 0, `nn` is always
1: the last test of a join is always true, and `p` fires once per handle (see `durable_guard`).
"""

import decimal
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from rules.errors import RulesError
from rules.feel import Expression, FeelType
from rules.join_facts import LARGEST_NUMBER, JoinFact, JoinFactError, decimals
from rules.join_matcher import JoinLimitError
from rules.joins import Alias, JoinRule
from rules.linear import Comparison, Side

MOST_FACTS_TOGETHER = 512
_USUAL_BATCH = 128
_SIGNS = {"=": "$eq", "!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_EXACT = decimal.Context(prec=200, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow])
_SPECIAL = ("id", "sid", "$s", "nn", "kd", "m", "r", "p")


class EncodingError(RulesError):
    """The encoding would not be safe: a bug of ours, found before the engine sees it."""


@dataclass(frozen=True, slots=True)
class EncodedRule:
    """
    A rule for the engine.

    Parameters
    ----------
    handle
        Digest of the definition; names the ruleset.
    definition
        JSON.
    """

    handle: str
    definition: str


@dataclass(frozen=True, slots=True)
class Batch:
    """
    Facts for one run of the engine.

    Parameters
    ----------
    ids
        Ours by theirs.
    """

    facts: str
    ids: Mapping[str, str]


def fnv1a(text: str) -> int:
    """The 32-bit hash by which the engine compares names."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def check_hashes(names: tuple[str, ...]) -> None:
    """Refuse names that the engine would take for one another."""
    if len({fnv1a(name) for name in names}) != len(set(names)):
        raise EncodingError("two names of the encoding have one hash")


def fact_ids(count: int) -> tuple[str, ...]:
    """The engine's ids of so many facts."""
    return tuple(f"k{at:04d}" for at in range(1, count + 1))


check_hashes(("k0000", *fact_ids(MOST_FACTS_TOGETHER)))


def encode_rule(rule: JoinRule) -> EncodedRule:
    """The rule as the engine's JSON."""
    comparisons = _comparisons(rule)
    names = [name for at in range(len(comparisons)) for name in (f"l{at}", f"s{at}")]
    aliases = [name for at in range(len(rule.aliases)) for name in (f"a{at}", f"e{at}")]
    check_hashes((*names, *aliases, *_SPECIAL))
    places = {alias.name: at for at, alias in enumerate(rule.aliases)}
    conditions = [{f"a{at}": {"$and": _alias_tests(rule, at, comparisons, places)}} for at in places.values()]
    definition = json.dumps(
        {
            "r": {"all": conditions, "count": 1, "pri": 1, "dist": 1},
            "p": {"all": [{"m": {"kd": 0}}], "count": 1, "pri": 2},
        }
    )
    return EncodedRule(hashlib.sha256(definition.encode()).hexdigest(), definition)


def _comparisons(rule: JoinRule) -> tuple[Comparison, ...]:
    return tuple(test.comparison for test in rule.tests if test.comparison is not None)


def _alias_tests(
    rule: JoinRule, place: int, comparisons: tuple[Comparison, ...], places: Mapping[str, int]
) -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = [{"kd": _kind_code(rule, rule.aliases[place].kind)}, {f"e{place}": 1}]
    for at, comparison in enumerate(comparisons):
        if places[comparison.later.alias] == place:
            earlier = f"a{places[comparison.earlier.alias]}"
            tests.append({_SIGNS[comparison.sign]: {f"l{at}": {earlier: f"s{at}"}}})
    if place:
        tests.append({"$eq": {"nn": {"a0": "nn"}}})
    return tests


def _kind_code(rule: JoinRule, kind: str) -> int:
    return sorted({alias.kind for alias in rule.aliases}).index(kind) + 1


def encode_facts(rule: JoinRule, facts: tuple[JoinFact, ...]) -> tuple[Batch, ...]:
    """
    The facts that can take part, in batches between which the rule cannot hold.

    Raises
    ------
    JoinFactError
        A computed side is beyond 2**53.
    JoinLimitError
        More facts hang together than the engine takes.
    """
    kinds = {fact.kind for fact in facts}
    screens = _screens(rule)
    if not all(screen.alias.kind in kinds for screen in screens):
        return ()
    ordered = sorted(facts, key=_place)
    admitted = [[screen.admits(fact) for fact in ordered] for screen in screens]
    if not all(map(any, admitted)):
        return ()  # some alias stays empty
    eligible = zip(ordered, zip(*admitted, strict=True), strict=True)
    taking_part = [(fact, bits) for fact, bits in eligible if any(bits)]
    columns = _encode_sides(rule, taking_part)
    groups = [
        group
        for group in _groups(rule, len(taking_part), columns)
        if all(any(taking_part[at][1][place] for at in group) for place in range(len(rule.aliases)))
    ]
    return tuple(_batch(rule, taking_part, columns, group) for group in _packed(groups, rule))


def _place(fact: JoinFact) -> tuple[str, str]:
    return fact.kind, fact.id


@dataclass(frozen=True, slots=True)
class _Screen:
    """What a fact must be to stand for an alias: of its kind, complete, and passing the tests of it alone."""

    alias: Alias
    fields: tuple[str, ...]
    alone: tuple[Expression, ...]

    def admits(self, fact: JoinFact) -> bool:
        if fact.kind != self.alias.kind:
            return False
        for name in self.fields:
            if fact.values.get(name) is None:
                return False
        if not self.alone:
            return True
        scope = {f"{self.alias.name}.{name}": value for name, value in fact.values.items()}
        return all(test.evaluate(scope) is True for test in self.alone)


@lru_cache(maxsize=1024)
def _screens(rule: JoinRule) -> tuple[_Screen, ...]:
    """One an alias, prepared once: the same rules are matched in every decision."""
    screens = []
    for alias in rule.aliases:
        tests = [test for test in rule.tests if alias.name in test.aliases]
        fields = {name for test in tests for owner, name in test.fields if owner == alias.name}
        alone = tuple(test.expression for test in tests if test.comparison is None)
        screens.append(_Screen(alias, tuple(sorted(fields)), alone))
    return tuple(screens)


_Column = Mapping[int, int]


def _encode_sides(rule: JoinRule, facts: list[tuple[JoinFact, tuple[bool, ...]]]) -> dict[str, _Column]:
    """For each side of each comparison: the integer of every fact that can stand there."""
    places = {alias.name: at for at, alias in enumerate(rule.aliases)}
    columns: dict[str, _Column] = {}
    for at, comparison in enumerate(_comparisons(rule)):
        later = _side_values(comparison.later, comparison.type, facts, places)
        earlier = _side_values(comparison.earlier, comparison.type, facts, places)
        encode = _coder(comparison.type, [*later.values(), *earlier.values()])
        columns[f"l{at}"] = {place: encode(value) for place, value in later.items()}
        columns[f"s{at}"] = {place: encode(value) for place, value in earlier.items()}
    return columns


def _side_values(
    side: Side, kind: FeelType, facts: list[tuple[JoinFact, tuple[bool, ...]]], places: Mapping[str, int]
) -> dict[int, Any]:
    alias = places[side.alias]
    return {
        at: _exact_sum(side, fact) if kind is FeelType.NUMBER else fact.values[next(iter(side.terms))]
        for at, (fact, bits) in enumerate(facts)
        if bits[alias]
    }


def _exact_sum(side: Side, fact: JoinFact) -> Decimal:
    total = side.constant
    for field, factor in side.terms.items():
        total = _EXACT.add(total, _EXACT.multiply(factor, fact.values[field]))  # type: ignore[arg-type]  # a number
    return total


def _coder(kind: FeelType, values: list[Any]) -> Callable[[Any], int]:
    """Order-keeping integers for the values of one comparison."""
    match kind:
        case FeelType.NUMBER:
            return _number_coder(values)
        case FeelType.TEXT:
            codes = {text: at for at, text in enumerate(sorted(set(values)), 1)}
            return codes.__getitem__
        case FeelType.DATE:
            return date.toordinal
        case FeelType.DAYS_DURATION:
            return lambda value: value // timedelta(microseconds=1)
    return int


def _number_coder(values: list[Decimal]) -> Callable[[Decimal], int]:
    places = max((decimals(value) for value in values), default=0)
    largest = max((abs(value) for value in values), default=Decimal(0))
    if _EXACT.scaleb(largest, places) > LARGEST_NUMBER:
        raise JoinFactError(
            "facts", f"`{largest}` with {places} decimals is beyond 2**53; round, or use a larger unit"
        )
    return lambda value: int(_EXACT.scaleb(value, places))


def _groups(rule: JoinRule, count: int, columns: Mapping[str, _Column]) -> list[list[int]]:
    """
    Facts that may hold together, all in one group when equalities do not tie all aliases.

    Two aliases are tied by all their equalities at once: two orders of one place that buy different
    items do not hang together when item and place must both be equal.
    """
    if rule.unkeyed:
        return [list(range(count))]
    parent = list(range(count))
    first: dict[tuple[int, tuple[int, ...]], int] = {}
    for tie, pair in enumerate(_ties(rule)):
        for sides in (pair, [side.replace("l", "s") for side in pair]):
            later_or_earlier = [columns[side] for side in sides]
            for place in set.intersection(*(set(column) for column in later_or_earlier)):
                key = (tie, tuple(column[place] for column in later_or_earlier))
                _union(parent, first.setdefault(key, place), place)
    groups: dict[int, list[int]] = {}
    for place in range(count):
        groups.setdefault(_find(parent, place), []).append(place)
    return [group for group in groups.values() if len(group) >= len(rule.aliases)]


def _ties(rule: JoinRule) -> list[list[str]]:
    """The equalities of each ordered pair of aliases, as names of their later sides."""
    ties: dict[tuple[str, str], list[str]] = {}
    for at, comparison in enumerate(_comparisons(rule)):
        if comparison.sign == "=":
            ties.setdefault((comparison.later.alias, comparison.earlier.alias), []).append(f"l{at}")
    return list(ties.values())


def _find(parent: list[int], place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


def _union(parent: list[int], left: int, right: int) -> None:
    parent[_find(parent, right)] = _find(parent, left)


def _packed(groups: list[list[int]], rule: JoinRule) -> Iterator[list[int]]:
    """Groups together until a batch has its usual size; a group is never split."""
    batch: list[int] = []
    for group in groups:
        if len(group) > MOST_FACTS_TOGETHER:
            raise JoinLimitError(
                rule.name, f"{len(group)} facts hang together; at most {MOST_FACTS_TOGETHER}"
            )
        if batch and len(batch) + len(group) > _USUAL_BATCH:
            yield batch
            batch = []
        batch = [*batch, *group]
    if batch:
        yield batch


def _batch(
    rule: JoinRule,
    facts: list[tuple[JoinFact, tuple[bool, ...]]],
    columns: Mapping[str, _Column],
    places: list[int],
) -> Batch:
    ids = dict(zip(fact_ids(len(places)), places, strict=True))
    encoded = [_encode_fact(rule, id_, facts[place], place, columns) for id_, place in ids.items()]
    return Batch(json.dumps(encoded), {id_: facts[place][0].id for id_, place in ids.items()})


def _encode_fact(
    rule: JoinRule,
    id_: str,
    fact: tuple[JoinFact, tuple[bool, ...]],
    place: int,
    columns: Mapping[str, _Column],
) -> dict[str, str | int]:
    """Every property is always there: the engine reads memory it never wrote when one is missing."""
    bits = {f"e{at}": int(bit) for at, bit in enumerate(fact[1])}
    sides = {name: column.get(place, 0) for name, column in columns.items()}
    return {"sid": "0", "id": id_, "kd": _kind_code(rule, fact[0].kind), "nn": 1, **bits, **sides}
