"""
Conflicts between orders: found by the join rules, settled by precedence, and planned anew in rounds.

    1 facts      of the plan, of what would be wanted of scarce capacity, of open orders and bans
    2 joins      the matcher's answer; `Asked` lets another engine confirm it before anything is logged
    3 settle     precedence says who wins; what it cannot tell apart goes to the rule's role
    4 re-plan    losers get what is left, as allotments; at most `conflict_rounds` times

Whatever is not settled then, and everything when the joins cannot be trusted, is referred to a person.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from decision_service.decision import Conflict, Disposition, Evidence, JudgedOrder, Outcome, Reason
from decision_service.directives import Allotment
from decision_service.facts import SnapshotFacts
from decision_service.usecases.amending import amended
from decision_service.usecases.bans import bans_on
from decision_service.usecases.conflict_facts import (
    SHARED,
    OrderFacts,
    Want,
    contested,
    join_facts,
    most_facts,
)
from decision_service.usecases.orders import planned_order
from decision_service.usecases.planning import Planned, Work, replan, without_limits
from decision_service.usecases.release_content import Release
from decision_service.usecases.resolution import Settled, competitions, role_of, settle
from decision_service.usecases.transfers import sources_of
from optimization.network import Finding
from optimization.parameters import PlanningParameters
from rules.document import PolicyStage
from rules.errors import RulesError
from rules.join_encoding import encode_facts
from rules.join_facts import JoinFact
from rules.join_matcher import matcher_of
from rules.joins import Firing, JoinRule
from rules.precedence import Award

UNCONFIRMED = "JOINS_UNCONFIRMED"
_DEADLINE_DAYS, _ON_TIMEOUT = "2", "ESCALATE"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the join rules and the matcher's answer; `facts` are those that can take part."""

    facts: tuple[JoinFact, ...]
    firings: tuple[Firing, ...]


@dataclass(frozen=True, slots=True)
class Referral:
    """Why an order waits for a role."""

    rule: str
    role: str
    message: str
    deadline_days: str = _DEADLINE_DAYS
    on_timeout: str = _ON_TIMEOUT


@dataclass(frozen=True, slots=True)
class Settlement:
    """
    All conflicts of a plan, and what follows from them.

    Parameters
    ----------
    referrals
        Why orders wait, by order id.
    asked
        To be confirmed by another engine before the decision is logged.
    """

    conflicts: tuple[Conflict, ...] = ()
    allotments: tuple[Allotment, ...] = ()
    referrals: Mapping[str, tuple[Referral, ...]] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The plan that keeps to the settlement."""

    planned: Planned
    orders: tuple[JudgedOrder, ...]
    settlement: Settlement


def conflict_rules(release: Release) -> tuple[JoinRule, ...]:
    """The join rules of the stage."""
    return release.ruleset.joins_of(PolicyStage.CONFLICTS)


def reconcile(
    known: SnapshotFacts, release: Release, parameters: PlanningParameters, work: Work, planned: Planned
) -> Reconciled:
    """The plan without conflicts, or with those that a person settles."""
    orders = _orders(known, planned)
    if not conflict_rules(release):
        return Reconciled(planned, orders, Settlement())
    if work.doubt:
        return Reconciled(planned, orders, distrust(release, orders, work.doubt))
    try:
        return _in_rounds(known, release, parameters, work, planned)
    except RulesError as error:
        return Reconciled(planned, orders, distrust(release, orders, str(error)))


def _in_rounds(
    known: SnapshotFacts, release: Release, parameters: PlanningParameters, work: Work, planned: Planned
) -> Reconciled:
    settlement, last = Settlement(), parameters.conflict_rounds + 1
    for number in range(1, last + 1):
        orders = _orders(known, planned)
        wants = _wants(known, parameters, work, planned, settlement)
        found, asked = _find(known, release, parameters, orders, wants, number)
        before = settlement.allotments
        settlement = _with(settlement, release, found, asked, is_last=number == last)
        if settlement.allotments == before:
            break
        planned = replan(known, parameters, planned, settlement.allotments, work.executor)
    return Reconciled(planned, orders, settlement)


def judge_conflicts(
    known: SnapshotFacts, release: Release, orders: tuple[JudgedOrder, ...], work: Work
) -> Settlement:
    """Conflicts between proposals: nothing is planned anew, so who does not get all goes to a person."""
    if not conflict_rules(release):
        return Settlement()
    if work.doubt:
        return distrust(release, orders, work.doubt)
    try:
        wants = contested(known, orders)
        found, asked = _find(known, release, release.parameters, orders, wants, 1)
        if not found:
            return Settlement(asked=(asked,))
        return _with(Settlement(), release, found, asked, is_last=True)
    except RulesError as error:
        return distrust(release, orders, str(error))


def _orders(known: SnapshotFacts, planned: Planned) -> tuple[JudgedOrder, ...]:
    return tuple(planned_order(known, order) for order in planned.plan.orders)


def _wants(
    known: SnapshotFacts,
    parameters: PlanningParameters,
    work: Work,
    planned: Planned,
    settlement: Settlement,
) -> tuple[Want, ...]:
    """What would be ordered if shared capacity that binds were enough; nothing when none binds."""
    scarce = _shared(known, {b.resource for order in planned.plan.orders for b in order.binding})
    if not scarce:
        return ()
    limitless = SnapshotFacts(without_limits(known.snapshot, scarce))
    wished = replan(limitless, parameters, planned, settlement.allotments, work.executor)
    return contested(known, tuple(planned_order(known, order) for order in wished.plan.orders))


def _shared(known: SnapshotFacts, resources: set[str]) -> frozenset[str]:
    """Supplier and transport capacity that several lanes use; an allotment of ours is neither."""
    users = Counter(use.resource for lane in known.snapshot.lanes for use in lane.uses)
    return frozenset(
        r for r in resources if r in known.resources and users[r] > 1 and known.resources[r].kind in SHARED
    )


def _find(  # noqa: PLR0913 - a question and its round
    known: SnapshotFacts,
    release: Release,
    parameters: PlanningParameters,
    orders: tuple[JudgedOrder, ...],
    wants: tuple[Want, ...],
    number: int,
) -> tuple[tuple[Settled, ...], Asked]:
    sources, bans, rules = sources_of(known, orders), bans_on(known, release, orders), conflict_rules(release)
    most = most_facts(known, orders, wants, sources, bans)
    if not any(matcher_of(rule).can_hold(most) for rule in rules):
        return (), Asked((), ())
    facts = join_facts(
        known, orders, wants, sources, bans, counts_proposed=parameters.counts_proposed_receipts
    )
    asked = ask(rules, facts.facts)
    return tuple(_settled(known, rules, asked.firings, facts, orders, number)), asked


def ask(rules: tuple[JoinRule, ...], facts: tuple[JoinFact, ...]) -> Asked:
    """
    The matcher's answer, with the facts that another engine needs to confirm it.

    Raises
    ------
    RulesError
        A fact cannot be compared exactly, or a rule holds too often to be of use.
    """
    kinds = Counter(fact.kind for fact in facts)
    able = [matcher for rule in rules if (matcher := matcher_of(rule)).can_hold(kinds)]
    firings = tuple(firing for matcher in able for firing in matcher.match(facts))
    playing = {id_ for m in able for batch in encode_facts(m.rule, facts) for id_ in batch.ids.values()}
    return Asked(tuple(fact for fact in facts if fact.id in playing), firings)


def _settled(  # noqa: PLR0913 - a question, its answer and its round
    known: SnapshotFacts,
    rules: tuple[JoinRule, ...],
    firings: tuple[Firing, ...],
    facts: OrderFacts,
    orders: tuple[JudgedOrder, ...],
    number: int,
) -> Iterator[Settled]:
    if not firings:
        return
    by_id = {order.id: order for order in orders}
    for rule in rules:
        mine = (firing for firing in firings if firing.rule == rule.name)
        for competition in competitions(rule, mine, facts):
            yield settle(known, competition, facts, by_id, number)


def _with(
    settlement: Settlement, release: Release, found: tuple[Settled, ...], asked: Asked, *, is_last: bool
) -> Settlement:
    """
    One round more: new allotments, or referrals where another round cannot help.

    Only the last round speaks of the plan as it is: what waited for a person in an earlier one and
    is not found again is gone.
    """
    conflicts = {_name(c): c for c in settlement.conflicts if not c.escalated_to or _had_losers(c)}
    known = {_key(a) for a in settlement.allotments}
    allotments: list[Allotment] = list(settlement.allotments)
    referrals: dict[str, tuple[Referral, ...]] = {}
    evidence = list(settlement.evidence)
    for one in found:
        new = [a for a in one.allotments if _key(a) not in known]
        is_stuck = bool(one.losers) and (is_last or not new)
        role = role_of(one.rule, release.ruleset.owner)
        waiting = (*one.tied, *(one.losers if is_stuck else ()))
        conflict = replace(one.conflict, escalated_to=role) if waiting else one.conflict
        conflicts[_name(conflict)] = conflict
        evidence.append(replace(one, conflict=conflict).evidence())
        for order in waiting:
            referrals[order] = (*referrals.get(order, ()), _referral(one, conflict, order))
        if not is_last:
            known |= {_key(a) for a in new}
            allotments += [replace(a, name=f"{a.name} (round {conflict.round})") for a in new]
    return replace(
        settlement,
        conflicts=tuple(conflicts.values()),
        allotments=tuple(allotments),
        referrals=referrals,
        evidence=tuple(evidence),
        asked=(*settlement.asked, asked),
    )


def _name(conflict: Conflict) -> tuple[object, ...]:
    return (conflict.rule, conflict.subject, frozenset(conflict.orders))


def _had_losers(conflict: Conflict) -> bool:
    return any(share.award in (Award.LOSES, Award.REDUCED) for share in conflict.shares)


def _key(allotment: Allotment) -> tuple[object, ...]:
    return (allotment.resource, allotment.lanes, allotment.buckets, allotment.amount)


def _referral(settled: Settled, conflict: Conflict, order: str) -> Referral:
    then = settled.rule.then
    return Referral(
        conflict.rule,
        conflict.escalated_to,
        _why(settled, conflict, order),
        str(then.get("deadline_days", _DEADLINE_DAYS)),
        str(then.get("on_timeout", _ON_TIMEOUT)),
    )


def _why(settled: Settled, conflict: Conflict, order: str) -> str:
    text = f"{conflict.kind.lower().replace('_', ' ')}: {conflict.subject}"
    rivals = tuple(other for other in settled.tied if other != order)
    if order in settled.tied:
        return f"{text}; precedence does not tell it from {_few(rivals)}" if rivals else text
    share = next(s for s in conflict.shares if s.order == order)
    behind = (
        f" behind {conflict.winner} by {share.decided_by}" if conflict.winner and share.decided_by else ""
    )
    return f"{text}{behind}; {share.granted:g} of {share.wanted:g} is left for it"


def _few(ids: tuple[str, ...]) -> str:
    """The first three; the conflict itself names them all."""
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return ", ".join(ids[:3]) + more


# --- what becomes of the orders --------------------------------------------------------------


def distrust(release: Release, orders: tuple[JudgedOrder, ...], doubt: str) -> Settlement:
    """The joins cannot be trusted: no order is approved, a person of the owner looks at each."""
    role = release.ruleset.owner
    referral = Referral("joins", role, f"conflicts between orders could not be established: {doubt}")
    finding = Finding(UNCONFIRMED, "conflicts", doubt, f"KEPT: every order is referred to {role}")
    return Settlement(referrals={order.id: (referral,) for order in orders}, findings=(finding,))


def doubt_of(outcome: Outcome) -> str:
    """Why an outcome did not trust the joins; empty when it did. A replay is told the same."""
    return next((finding.message for finding in outcome.exceptions if finding.kind == UNCONFIRMED), "")


def refer(
    orders: tuple[JudgedOrder, ...], settlement: Settlement
) -> tuple[tuple[JudgedOrder, ...], tuple[Evidence, ...]]:
    """Judged orders with what the settlement says of them, and the evidence of who is asked."""
    if not settlement.referrals:
        return orders, settlement.evidence
    judged = tuple(_refer(order, settlement.referrals.get(order.id, ())) for order in orders)
    present = {order.id for order in orders}
    asked: dict[Referral, list[str]] = {}
    for order, referrals in settlement.referrals.items():
        for referral in referrals:
            if order in present:
                asked.setdefault(referral, []).append(order)
    return judged, settlement.evidence + tuple(_asking(r, tuple(who)) for r, who in asked.items())


def _refer(order: JudgedOrder, referrals: tuple[Referral, ...]) -> JudgedOrder:
    """A blocked order stays blocked; one that waits already waits for both, its first role first."""
    if not referrals:
        return order
    first = referrals[0]
    reasons = tuple(Reason(r.rule, r.rule, r.message) for r in referrals)
    if order.disposition is not Disposition.APPROVED:
        return amended(order, reasons=order.reasons + reasons)
    return amended(
        order,
        disposition=Disposition.REFERRED,
        role=first.role,
        deadline_days=float(first.deadline_days),
        on_timeout=first.on_timeout,
        reasons=reasons,
    )


def _asking(referral: Referral, orders: tuple[str, ...]) -> Evidence:
    said = {
        "disposition": Disposition.REFERRED.value,
        "role": referral.role,
        "deadline_days": referral.deadline_days,
        "on_timeout": referral.on_timeout,
    }
    return Evidence("conflicts", orders, referral.rule, (referral.rule,), said, {"why": referral.message})
