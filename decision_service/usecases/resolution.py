"""
One conflict between orders: who competes for what, who wins by the precedence, what that means for planning.

What a join rule speaks of is what its orders compete for:

    a contested resource       its capacity in the bucket, shared in the order of precedence
    a place they leave         what it can spare above its minimum, shared in the same way
    nothing but each other     only one of them can be right: the first in precedence, firing by firing
    something that is there    an open order, a ban: no rival to compare with, a person decides

An order without a rival is nothing that precedence could settle, whatever it competes for.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from decision_service.decision import Conflict, ConflictShare, Evidence, JudgedOrder
from decision_service.directives import Allotment
from decision_service.facts import SnapshotFacts
from decision_service.usecases.conflict_facts import (
    OrderFacts,
    Want,
    capacity_of,
    number,
    precedence_facts,
)
from decision_service.usecases.evidence import say
from decision_service.usecases.transfers import Source
from rules import Value
from rules.joins import Firing, JoinRule
from rules.precedence import Award, Competitor, Criterion, Share, parse_precedence, resolve
from rules.precedence import Conflict as Rivalry


@dataclass(frozen=True, slots=True)
class Competition:
    """
    Orders that a rule finds in conflict, and what for.

    Parameters
    ----------
    others
        Ids of facts that do not compete: a place, an open order, a ban.
    place
        Resource and bucket, when that is what they compete for.
    """

    rule: JoinRule
    orders: tuple[JudgedOrder, ...]
    others: tuple[str, ...]
    place: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Settled:
    """
    A conflict as it was settled.

    Parameters
    ----------
    allotments
        What planning has to keep to, so that the winners get theirs.
    losers, tied
        Orders that got less than they wanted; orders of which a person decides.
    """

    conflict: Conflict
    rule: JoinRule
    allotments: tuple[Allotment, ...]
    losers: tuple[str, ...]
    tied: tuple[str, ...]
    readings: Mapping[str, str]

    def evidence(self) -> Evidence:
        """What was compared, and what came out."""
        said = {
            "conflict": self.conflict.kind,
            "winner": self.conflict.winner,
            "precedence": self.conflict.precedence,
            "escalate": self.conflict.escalated_to,
        }
        subjects = self.conflict.orders
        rows = (self.rule.name,)
        return Evidence("conflicts", subjects, self.rule.name, rows, said, self.readings)


def competitions(rule: JoinRule, firings: Iterable[Firing], facts: OrderFacts) -> Iterator[Competition]:
    """Orders that firings of a rule put together, each group once, by what they compete for."""
    places = _competing_places(rule)
    groups: dict[tuple[object, ...], Competition] = {}
    for firing in firings:
        members = [firing.facts[at] for at in places]
        others = tuple(id_ for at, id_ in enumerate(firing.facts) if at not in places)
        if any(
            _is_after(order, facts.sources.get(id_)) for id_ in others for order in _orders(facts, members)
        ):
            continue
        wants = [facts.wants[id_] for id_ in members if id_ in facts.wants]
        place = (wants[0].resource, wants[0].bucket) if wants else None
        found = {order.id: order for order in _orders(facts, members)}
        # Who competes for one thing competes with all who do; without one, a firing stands for itself.
        key = (others, place) if others or place else tuple(sorted(found))
        known = {order.id: order for order in groups[key].orders} if key in groups else {}
        together = {**known, **found}
        groups[key] = Competition(rule, tuple(together[id_] for id_ in sorted(together)), others, place)
    yield from groups.values()


def _competing_places(rule: JoinRule) -> tuple[int, ...]:
    """`then: {competitors: [...]}`, or every order of the rule."""
    named = rule.then.get("competitors", ())
    chosen = named if isinstance(named, tuple) and named else tuple(a.name for a in rule.aliases)
    return tuple(
        at for at, alias in enumerate(rule.aliases) if alias.kind == "order" and alias.name in chosen
    )


def _orders(facts: OrderFacts, ids: list[str]) -> list[JudgedOrder]:
    return [facts.orders[id_] if id_ in facts.orders else facts.wants[id_].order for id_ in ids]


def _is_after(order: JudgedOrder, source: Source | None) -> bool:
    """Whether a transfer leaves only after its source was below its minimum: others took it there."""
    return source is not None and order.order_bucket > source.bucket


# --- settling --------------------------------------------------------------------------------


def settle(
    known: SnapshotFacts,
    competition: Competition,
    facts: OrderFacts,
    orders: Mapping[str, JudgedOrder],
    round_: int,
) -> Settled:
    """
    Precedence decides, or a person.

    Parameters
    ----------
    orders
        All orders of the plan, through which service at risk is seen.
    """
    rule = competition.rule
    wants = {w.order.id: w for w in facts.wants.values() if (w.resource, w.bucket) == competition.place}
    amounts = {o.id: number(wants[o.id].amount if o.id in wants else o.quantity) for o in competition.orders}
    compared = {o.id: precedence_facts(known, o, {**orders, o.id: o}) for o in competition.orders}
    capacity = _capacity(competition, facts, tuple(wants.values()))
    shares = _shares(rule, amounts, compared, capacity)
    conflict = _conflict(competition, shares, capacity, _subject(known, competition), round_)
    return Settled(
        conflict,
        rule,
        tuple(_allotments(known, competition, shares, conflict)),
        tuple(s.subject for s in shares if s.award in (Award.LOSES, Award.REDUCED)),
        tuple(s.subject for s in shares if s.award is Award.ESCALATED),
        {
            f"{id_} {fact}": say(value)
            for id_, read in sorted(compared.items())
            for fact, value in read.items()
        },
    )


def _capacity(competition: Competition, facts: OrderFacts, wants: tuple[Want, ...]) -> Decimal | None:
    """What there is to share; None when only one can have it."""
    if competition.place is not None:
        competing = {order.id for order in competition.orders}
        uncontested = sum(want.amount for want in wants if want.order.id not in competing)
        return number(max(0.0, wants[0].capacity - uncontested))
    source = next((facts.sources[id_] for id_ in competition.others if id_ in facts.sources), None)
    if source is None:
        return None
    competing = {order.id for order in competition.orders}
    kept = sum(order.quantity for order in source.transfers if order.id not in competing)
    return number(max(0.0, source.spare - kept))


def _shares(
    rule: JoinRule,
    amounts: Mapping[str, Decimal],
    compared: Mapping[str, Mapping[str, Value]],
    capacity: Decimal | None,
) -> tuple[Share, ...]:
    if len(amounts) == 1:
        ((subject, wanted),) = amounts.items()
        return (_alone(subject, wanted, capacity),)
    competitors = tuple(Competitor(id_, amounts[id_], compared[id_]) for id_ in sorted(amounts))
    precedence = tuple(c for c in _precedence(rule) if _tells(c, compared))
    return resolve(Rivalry(rule.name, competitors, precedence, capacity, role_of(rule, "-"))).shares


def _alone(subject: str, wanted: Decimal, capacity: Decimal | None) -> Share:
    """Nobody to compare with, so precedence cannot settle it: a person does."""
    if capacity is not None and wanted <= capacity:
        return Share(subject, wanted, wanted, Award.WINS, "")
    return Share(subject, wanted, Decimal(0), Award.ESCALATED, "")


def _precedence(rule: JoinRule) -> tuple[Criterion, ...]:
    given = rule.then.get("precedence", ())
    return parse_precedence(given if isinstance(given, tuple) else (str(given),))


def _tells(criterion: Criterion, compared: Mapping[str, Mapping[str, Value]]) -> bool:
    """A fact that no competitor has cannot tell them apart; one that only some lack must stop the list."""
    return any(facts.get(criterion.fact) is not None for facts in compared.values())


def role_of(rule: JoinRule, otherwise: str) -> str:
    """Who settles what precedence cannot."""
    return str(rule.then.get("escalate") or otherwise)


def _conflict(
    competition: Competition,
    shares: tuple[Share, ...],
    capacity: Decimal | None,
    subject: str,
    round_: int,
) -> Conflict:
    winner = next((share for share in shares if share.award is Award.WINS), None)
    escalated = any(share.award is Award.ESCALATED for share in shares)
    return Conflict(
        kind=str(competition.rule.then.get("conflict") or competition.rule.name),
        rule=competition.rule.name,
        orders=tuple(share.subject for share in shares),
        subject=subject,
        winner=winner.subject if winner else "",
        precedence=next((share.decided_by for share in shares if share.decided_by), ""),
        wanted=float(sum((share.wanted for share in shares), Decimal(0))),
        available=float(capacity or 0),
        escalated_to=role_of(competition.rule, "") if escalated else "",
        shares=tuple(
            ConflictShare(s.subject, float(s.wanted), float(s.granted), s.award.value, s.decided_by)
            for s in shares
        ),
        round=round_,
    )


def _subject(known: SnapshotFacts, competition: Competition) -> str:
    if competition.place is not None:
        return "{} in bucket {}".format(*competition.place)
    if competition.others:
        return ", ".join(other.partition(":")[2].replace("#", " ") for other in competition.others)
    return known.items[competition.orders[0].item].id


# --- what it means for planning --------------------------------------------------------------


def _allotments(
    known: SnapshotFacts, competition: Competition, shares: tuple[Share, ...], conflict: Conflict
) -> Iterator[Allotment]:
    lanes = {order.id: order.lane for order in competition.orders}
    name = f"{conflict.kind} {conflict.subject}"
    if competition.place is not None:
        yield from _of_resource(known, competition.place, shares, lanes, name)
        return
    window = int(str(competition.rule.then.get("window", 0)))
    for share in shares:
        if share.award in (Award.LOSES, Award.REDUCED):
            bucket = next(o.order_bucket for o in competition.orders if o.id == share.subject)
            near = tuple(t for t in range(bucket - window, bucket + window + 1) if t >= 0)
            yield Allotment(
                f"{name}: {share.subject}", "", (lanes[share.subject],), near, float(share.granted)
            )


def _of_resource(
    known: SnapshotFacts,
    place: tuple[str, int],
    shares: tuple[Share, ...],
    lanes: Mapping[str, str],
    name: str,
) -> Iterator[Allotment]:
    """All lanes but the winners' share what the winners leave, and the last in line take none of it."""
    resource, bucket = place
    won = tuple(share for share in shares if share.award is Award.WINS)
    if won:
        winning = {lanes[share.subject] for share in won}
        left = (capacity_of(known, *place) or 0.0) - float(sum(share.wanted for share in won))
        users = (ln.id for ln in known.snapshot.lanes if any(use.resource == resource for use in ln.uses))
        behind = tuple(user for user in users if user not in winning)
        yield Allotment(f"{name}: what the winners leave", resource, behind, (bucket,), max(0.0, left))
    last = tuple(lanes[share.subject] for share in shares if share.award is Award.LOSES)
    if last and any(share.award in (Award.REDUCED, Award.ESCALATED) for share in shares):
        yield Allotment(f"{name}: the last in line", resource, last, (bucket,), 0.0)
