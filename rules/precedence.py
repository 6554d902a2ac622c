"""
Who wins a conflict: precedence as data.

A conflict names its competitors, what each wants of something scarce, how much is left, and a list of
facts by which they are compared one after the other, as people sort a table by several columns:

    precedence: [service_risk, item.abc, order.need_by]

Numbers: highest first. Dates and durations: earliest, shortest first. Texts: alphabetical, so A before B.
Booleans: true first. `order.value lowest` and `order.need_by latest` turn one round. What the list
cannot settle, a tie or an absent fact that decides who gets something, goes to a role.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cmp_to_key

from rules.errors import RulesError
from rules.feel import FeelType, Value, type_of
from rules.feel.operators import comparable, less
from rules.joins import Firing, JoinRule

_TURNED = frozenset({"lowest", "highest", "earliest", "latest"})
_DESCENDING = frozenset({FeelType.NUMBER, FeelType.BOOLEAN})  # highest, and true, first


class PrecedenceError(RulesError):
    """A precedence list or a conflict that cannot be read."""


class Award(StrEnum):
    """What a competitor gets."""

    WINS = "WINS"
    REDUCED = "REDUCED"
    LOSES = "LOSES"
    ESCALATED = "ESCALATED"


@dataclass(frozen=True, slots=True)
class Criterion:
    """
    One column of the precedence.

    Parameters
    ----------
    direction
        ``lowest``, ``highest``, ``earliest``, ``latest``; empty for the usual one of the type.
    """

    fact: str
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Competitor:
    """
    One who wants something.

    Parameters
    ----------
    amount
        How much, in the unit of the capacity; at least 0.
    """

    subject: str
    amount: Decimal
    facts: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Conflict:
    """
    Competitors for one thing.

    Parameters
    ----------
    capacity
        What is left to share; None when only one of them can have it at all.
    escalate
        The role that settles what precedence cannot.
    """

    rule: str
    competitors: tuple[Competitor, ...]
    precedence: tuple[Criterion, ...]
    capacity: Decimal | None
    escalate: str


@dataclass(frozen=True, slots=True)
class Share:
    """
    What became of one competitor.

    Parameters
    ----------
    decided_by
        The fact that put it behind the one before it; empty for the first and for ties.
    """

    subject: str
    wanted: Decimal
    granted: Decimal
    award: Award
    decided_by: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """
    The conflict as it was settled, best first.

    Parameters
    ----------
    escalate_to
        The role, when some share is escalated; empty otherwise.
    """

    rule: str
    shares: tuple[Share, ...]
    escalate_to: str

    @property
    def winners(self) -> tuple[str, ...]:
        """Subjects that get all they want."""
        return tuple(share.subject for share in self.shares if share.award is Award.WINS)


def parse_precedence(texts: tuple[str, ...]) -> tuple[Criterion, ...]:
    """The precedence list of a rule; `fact` or `fact direction`."""
    found: list[Criterion] = []
    for text in texts:
        fact, _, direction = text.strip().partition(" ")
        if not fact or (direction and direction.strip() not in _TURNED):
            known = ", ".join(sorted(_TURNED))
            raise PrecedenceError(f"precedence `{text[:80]}`: write a fact, or a fact and one of {known}")
        if fact in {criterion.fact for criterion in found}:
            raise PrecedenceError(f"precedence `{fact[:80]}` stands twice; keep the first")
        found.append(Criterion(fact, direction.strip()))
    return tuple(found)


def competing(rule: JoinRule, firings: tuple[Firing, ...]) -> tuple[tuple[str, ...], ...]:
    """
    Groups of facts that compete: those that firings of the rule connect, each group sorted.

    The aliases that compete are `then: {competitors: [a, b]}`, or all of them.
    """
    named = rule.then.get("competitors", ())
    places = [
        at
        for at, alias in enumerate(rule.aliases)
        if not isinstance(named, tuple) or not named or alias.name in named
    ]
    group_of: dict[str, set[str]] = {}
    for firing in firings:
        if firing.rule == rule.name:
            ids = {firing.facts[at] for at in places}
            merged = ids.union(*(group_of.get(id_, set()) for id_ in ids))
            group_of.update(dict.fromkeys(merged, merged))
    return tuple(sorted({tuple(sorted(group)) for group in group_of.values()}))


def resolve(conflict: Conflict) -> Resolution:
    """
    Rank the competitors and share what there is.

    The best get all they want while it lasts; the first whom the rest does not satisfy is reduced to it. Tied
    competitors are escalated together only when the tie decides who gets something.
    """
    _check(conflict)
    groups = _ranked(conflict)
    if conflict.capacity is None:
        shares = [share for at, group in enumerate(groups) for share in _exclusive(group, first=not at)]
    else:
        shares = list(_shared(groups, conflict.capacity))
    escalated = any(share.award is Award.ESCALATED for share in shares)
    return Resolution(conflict.rule, tuple(shares), conflict.escalate if escalated else "")


@dataclass(frozen=True, slots=True)
class _Group:
    """
    Competitors that nothing has told apart so far.

    Parameters
    ----------
    decided_by
        The fact that put them behind the group before.
    is_closed
        A fact that would tell them apart is absent or cannot be compared: no later fact may decide.
    """

    members: tuple[Competitor, ...]
    decided_by: str = ""
    is_closed: bool = False


def _check(conflict: Conflict) -> None:
    subjects = [competitor.subject for competitor in conflict.competitors]
    if len(subjects) < 2 or len(set(subjects)) < len(subjects):
        raise PrecedenceError(f"conflict `{conflict.rule}`: needs two competitors or more, each once")
    if not conflict.escalate:
        raise PrecedenceError(f"conflict `{conflict.rule}`: name the role that settles ties in `escalate`")
    amounts = [competitor.amount for competitor in conflict.competitors]
    amounts += [] if conflict.capacity is None else [conflict.capacity]
    if any(not amount.is_finite() or amount < 0 for amount in amounts):
        raise PrecedenceError(f"conflict `{conflict.rule}`: amounts and capacity are at least 0")


def _ranked(conflict: Conflict) -> list[_Group]:
    """Best first."""
    groups = [_Group(tuple(sorted(conflict.competitors, key=lambda one: one.subject)))]
    for criterion in conflict.precedence:
        groups = [part for group in groups for part in _split(group, criterion)]
    return groups


def _split(group: _Group, criterion: Criterion) -> Iterator[_Group]:
    """The group told apart by one fact."""
    values = [competitor.facts.get(criterion.fact) for competitor in group.members]
    if len(values) == 1 or group.is_closed or any(not _can_order(values[0], value) for value in values):
        yield replace(group, is_closed=True)
        return
    before = _order(criterion, type_of(values[0]))
    by_value = cmp_to_key(before)
    pairs = sorted(zip(values, group.members, strict=True), key=lambda pair: by_value(pair[0]))
    part, best, reason = [pairs[0][1]], pairs[0][0], group.decided_by
    for value, competitor in pairs[1:]:
        if before(best, value):
            yield _Group(tuple(part), reason)
            part, best, reason = [], value, criterion.fact
        part.append(competitor)
    yield _Group(tuple(part), reason)


def _can_order(left: Value, right: Value) -> bool:
    if isinstance(left, bool) and isinstance(right, bool):
        return True
    return left is not None and right is not None and comparable(left, right)


def _order(criterion: Criterion, kind: FeelType) -> Callable[[Value, Value], int]:
    """-1 when the first comes first."""
    descending = kind in _DESCENDING
    if criterion.direction:
        descending = criterion.direction in {"highest", "latest"}

    def before(left: Value, right: Value) -> int:
        if left == right:
            return 0
        smaller = right if isinstance(left, bool) else less(left, right)
        return -1 if bool(smaller) is not descending else 1

    return before


def _exclusive(group: _Group, *, first: bool) -> Iterator[Share]:
    """One can have it: the first alone wins, a tie for first place is escalated, the rest lose."""
    for one in group.members:
        award = Award.LOSES
        if first:
            award = Award.WINS if len(group.members) == 1 else Award.ESCALATED
        granted = one.amount if award is Award.WINS else Decimal(0)
        yield Share(one.subject, one.amount, granted, award, group.decided_by)


def _shared(groups: list[_Group], capacity: Decimal) -> Iterator[Share]:
    """Everyone in turn while it lasts; what a tie would have to divide is kept for who settles it."""
    left = capacity
    for group in groups:
        wanted = sum((one.amount for one in group.members), Decimal(0))
        granted, award = _award(group, wanted, left)
        for one in group.members:
            share = one.amount if award is Award.WINS else granted
            yield Share(one.subject, one.amount, share, award, group.decided_by)
        left = left - wanted if award is Award.WINS else Decimal(0)


def _award(group: _Group, wanted: Decimal, left: Decimal) -> tuple[Decimal, Award]:
    """What each member gets when the group as a whole does not get all."""
    if wanted <= left:
        return wanted, Award.WINS
    if not left:
        return Decimal(0), Award.LOSES
    return (left, Award.REDUCED) if len(group.members) == 1 else (Decimal(0), Award.ESCALATED)
