"""
The independent answer to "which rules hold for which facts": plain Python on the facts as they are.

It shares nothing with the engine behind `durable_guard` but the rules: no encoding, no taking apart of
comparisons, no scaling. A test is evaluated as it was written. Equalities between two facts serve as
a hash index, so that the cost grows with matching pairs, not with all pairs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from rules.errors import RulesError
from rules.feel import Value
from rules.feel.nodes import Infix, Name, Node
from rules.feel.parser import parse_expression_tree
from rules.join_facts import JoinFact
from rules.joins import Alias, Firing, JoinRule, JoinTest

MOST_FIRINGS = 4_096
MOST_STEPS = 2_000_000
_Scope: TypeAlias = dict[str, Value]


class JoinLimitError(RulesError):
    """
    The rule holds for too many combinations to be of use.

    Parameters
    ----------
    rule
        Its name.
    """

    def __init__(self, rule: str, problem: str) -> None:
        super().__init__(f"join `{rule}`: {problem}; tie the facts together with an equality")
        self.rule = rule


@dataclass(frozen=True, slots=True)
class _Level:
    """
    One alias with what can be tested once it is placed.

    Parameters
    ----------
    alone
        Tests that speak of this alias only.
    together
        Tests that speak of it and an earlier one.
    keys
        Equalities that serve as an index: name of the earlier field, name of ours.
    fields
        What the rule reads of a fact in this place; without one of them no test on it holds.
    """

    alias: Alias
    alone: tuple[JoinTest, ...]
    together: tuple[JoinTest, ...]
    keys: tuple[tuple[str, str], ...]
    fields: frozenset[str]


class JoinMatcher:
    """
    One rule, prepared for many sets of facts.

    Parameters
    ----------
    rule
        The rule.
    """

    def __init__(self, rule: JoinRule) -> None:
        self.rule = rule
        self._levels = tuple(_levels(rule))
        self._needs = tuple(Counter(alias.kind for alias in rule.aliases).items())

    def can_hold(self, kinds: Mapping[str, int]) -> bool:
        """Whether so many facts of each kind give every alias one of its kind: aliases stand for different facts."""
        for kind, least in self._needs:  # noqa: SIM110 - asked of every rule in every decision
            if kinds.get(kind, 0) < least:
                return False
        return True

    def match(self, facts: tuple[JoinFact, ...]) -> tuple[Firing, ...]:
        """
        Every firing, sorted by the ids of its facts.

        Raises
        ------
        JoinLimitError
            More than `MOST_FIRINGS` firings or `MOST_STEPS` combinations looked at.
        """
        if not self.can_hold(Counter(fact.kind for fact in facts)):
            return ()
        candidates = [list(_candidates(level, facts)) for level in self._levels]
        indexes = [_index(level, pairs) for level, pairs in zip(self._levels, candidates, strict=True)]
        search = _Search(self.rule.name, self._levels, indexes)
        search.extend(0, (), {})
        return tuple(sorted(Firing(self.rule.name, ids) for ids in search.found))


@lru_cache(maxsize=1024)
def matcher_of(rule: JoinRule) -> JoinMatcher:
    """Return the rule's matcher, prepared once: the same rules are matched in every decision."""
    return JoinMatcher(rule)


def _levels(rule: JoinRule) -> Iterator[_Level]:
    placed: set[str] = set()
    for alias in rule.aliases:
        alone = tuple(test for test in rule.tests if test.aliases == {alias.name})
        reach = placed | {alias.name}
        together = tuple(
            test
            for test in rule.tests
            if len(test.aliases) == 2 and alias.name in test.aliases and test.aliases <= reach
        )
        keys = tuple(key for test in together if (key := _key(test, alias.name)) is not None)
        fields = frozenset(name for test in rule.tests for owner, name in test.fields if owner == alias.name)
        yield _Level(alias, alone, together, keys, fields)
        placed.add(alias.name)


@lru_cache(maxsize=4096)
def _tree(text: str) -> Node:
    """Parsed once: the same rules are matched in every decision."""
    return parse_expression_tree(text, ())


def _key(test: JoinTest, alias: str) -> tuple[str, str] | None:
    """The two names of an equality between fields; ours second."""
    tree = _tree(test.expression.text)
    if not isinstance(tree, Infix) or tree.operator != "=":
        return None
    if not isinstance(tree.left, Name) or not isinstance(tree.right, Name):
        return None
    left, right = tree.left.text, tree.right.text
    return (right, left) if left.partition(".")[0] == alias else (left, right)


_Pairs: TypeAlias = list[tuple[str, _Scope]]
_Index: TypeAlias = Mapping[tuple[Any, ...], _Pairs]


def _candidates(level: _Level, facts: tuple[JoinFact, ...]) -> Iterator[tuple[str, _Scope]]:
    for fact in facts:
        if fact.kind == level.alias.kind and fact.values.keys() >= level.fields:
            scope = {f"{level.alias.name}.{name}": value for name, value in fact.values.items()}
            if all(_holds(test, scope) for test in level.alone):
                yield fact.id, scope


def _holds(test: JoinTest, scope: _Scope) -> bool:
    """An absent value makes any test fail."""
    for name in test.expression.names:
        if scope.get(name) is None:
            return False
    return test.expression.evaluate(scope) is True


def _index(level: _Level, pairs: _Pairs) -> _Index:
    index: dict[tuple[Any, ...], _Pairs] = {}
    for pair in pairs:
        index.setdefault(tuple(pair[1].get(ours) for _, ours in level.keys), []).append(pair)
    return index


class _Search:
    """Depth-first over the aliases."""

    def __init__(self, rule: str, levels: tuple[_Level, ...], indexes: list[_Index]) -> None:
        self.found: list[tuple[str, ...]] = []
        self._rule = rule
        self._levels = levels
        self._indexes = indexes
        self._steps = 0

    def extend(self, depth: int, ids: tuple[str, ...], scope: _Scope) -> None:
        if depth == len(self._levels):
            self._note(ids)
            return
        level = self._levels[depth]
        wanted = tuple(scope.get(theirs) for theirs, _ in level.keys)
        for id_, values in self._indexes[depth].get(wanted, ()):
            self._step()
            if id_ in ids:  # aliases stand for different facts
                continue
            together = {**scope, **values}
            if all(_holds(test, together) for test in level.together):
                self.extend(depth + 1, (*ids, id_), together)

    def _note(self, ids: tuple[str, ...]) -> None:
        self.found.append(ids)
        if len(self.found) > MOST_FIRINGS:
            raise JoinLimitError(self._rule, f"holds for more than {MOST_FIRINGS} combinations")

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise JoinLimitError(self._rule, f"more than {MOST_STEPS} combinations to look at")
