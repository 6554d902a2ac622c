"""
The pure function: decide(question, snapshot, release) -> outcome.

Logging, replay, shadow runs, impact analysis and rollback all call this and nothing else. It
reads no clock, no store and no environment; the only clock near it is the caller's
`may_continue`, which chooses how many slices of work are done, and the number done is in the
outcome's reports, so that a replay can do the same.
"""

from dataclasses import dataclass, replace

from decision_service import directives, facts
from decision_service.decision import DecisionMode, Fallback, JudgedOrder, Outcome, Question, Reason, Verdict
from decision_service.facts import SnapshotFacts
from decision_service.usecases.amending import amended
from decision_service.usecases.conflicts import Asked, Settlement, judge_conflicts, reconcile, refer
from decision_service.usecases.evidence import collect, reasons_of
from decision_service.usecases.orders import planned_order, proposed_order
from decision_service.usecases.planning import Work, plan, speak_to_planning
from decision_service.usecases.release_content import Release
from decision_service.usecases.review import judge, verdict_on
from optimization.network import Snapshot
from rules import evaluate_stage

_AS_THE_RELEASE_SAYS = Work()
_HELD = Reason("manual-mode", Fallback.HOLD.value, "manual mode: nothing is ordered until two people end it")


@dataclass(frozen=True, slots=True)
class Deliberated:
    """An outcome, and what another engine has to confirm before it is acted on."""

    outcome: Outcome
    asked: tuple[Asked, ...] = ()


def decide(
    question: Question, snapshot: Snapshot, release: Release, work: Work = _AS_THE_RELEASE_SAYS
) -> Outcome:
    """All that follows from a question under a release, as `deliberate` says."""
    return deliberate(question, SnapshotFacts(snapshot), release, work).outcome


def deliberate(
    question: Question, known: SnapshotFacts, release: Release, work: Work = _AS_THE_RELEASE_SAYS
) -> Deliberated:
    """
    All that follows from a question under a release.

    Raises
    ------
    InvalidNetworkError
        The snapshot contradicts itself.
    RulesError
        The rules cannot be evaluated on these facts.
    """
    if question.fallback is Fallback.HOLD:
        return Deliberated(Outcome(Verdict.REJECTED, reasons=(_HELD,)))
    asked = ("admitted", release.digest, question.mode, question.scope, question.received)
    admitted = known.derived(asked, lambda: _admitted(question, known, release))
    if admitted.verdict is Verdict.REJECTED:
        return Deliberated(admitted)
    if question.mode is DecisionMode.JUDGE:
        return _judge_proposals(question, known, release, work, admitted)
    if question.fallback is Fallback.REORDER_POINTS:
        return _reorder_and_judge(known, release, work, admitted)
    return _plan_and_judge(known, release, work, admitted)


def _admitted(question: Question, known: SnapshotFacts, release: Release) -> Outcome:
    """What admission says: it knows the snapshot and who asks, but neither proposals nor plan."""
    findings = known.findings
    admission = evaluate_stage(release.ruleset, "admission", known.of_request(question))
    evidence = collect("admission", [("request", admission)])
    if directives.merge(admission).get("verdict") == Verdict.REJECTED:
        return Outcome(Verdict.REJECTED, reasons_of(admission), exceptions=findings, evaluations=evidence)
    return Outcome(Verdict.APPROVED, exceptions=findings, evaluations=evidence)


def _reorder_and_judge(known: SnapshotFacts, release: Release, work: Work, admitted: Outcome) -> Deliberated:
    """Manual mode: rules and reorder points alone; what competes is for people, nothing is planned anew."""
    from optimization.reorder_points import plan_by_reorder_points  # noqa: PLC0415 - as in `planning`

    parameters, spoken = speak_to_planning(known, release)
    planned = plan_by_reorder_points(known.snapshot, parameters)
    orders = tuple(planned_order(known, order) for order in planned.orders)
    settlement = judge_conflicts(known, release, orders, work)
    findings = tuple(dict.fromkeys((*admitted.exceptions, *planned.findings)))
    answered = replace(admitted, exceptions=findings, evaluations=admitted.evaluations + spoken)
    of_plan = facts.of_plan(0.0, sum(o.cost for o in orders), 0)
    return _judged(known, release, orders, of_plan, settlement, answered)


def _judge_proposals(
    question: Question, known: SnapshotFacts, release: Release, work: Work, admitted: Outcome
) -> Deliberated:
    orders = tuple(proposed_order(known, f"proposals[{i}]", p) for i, p in enumerate(question.proposals))
    settlement = judge_conflicts(known, release, orders, work)
    of_plan = facts.of_plan(0.0, sum(o.cost for o in orders), 0)
    return _judged(known, release, orders, of_plan, settlement, admitted)


def _plan_and_judge(known: SnapshotFacts, release: Release, work: Work, admitted: Outcome) -> Deliberated:
    parameters, spoken = speak_to_planning(known, release)
    reconciled = reconcile(known, release, parameters, work, plan(known, parameters, work))
    planned, orders = reconciled.planned, reconciled.orders
    of_plan = facts.of_plan(planned.plan.report.gap, sum(o.cost for o in orders), len(planned.plan.gave_way))
    answered = replace(
        admitted,
        safety_stocks=planned.placement.stocks,
        exceptions=admitted.exceptions + planned.findings,
        gave_way=tuple(planned.plan.gave_way),
        requirements_in_conflict=planned.plan.conflicts,
        reports=(planned.placement.report, planned.plan.report),
        evaluations=admitted.evaluations + spoken,
    )
    return _judged(known, release, orders, of_plan, reconciled.settlement, answered)


def _judged(  # noqa: PLR0913 - all that judging looks at
    known: SnapshotFacts,
    release: Release,
    orders: tuple[JudgedOrder, ...],
    of_plan: facts.Facts,
    settlement: Settlement,
    so_far: Outcome,
) -> Deliberated:
    """The orders under the review rules, and then under what was settled between them."""
    reviewed, evidence = judge(known, release, orders, of_plan)
    judged, settled = refer(reviewed, settlement)
    outcome = amended(
        so_far,
        verdict=verdict_on(judged),
        orders=judged,
        conflicts=settlement.conflicts,
        exceptions=so_far.exceptions + settlement.findings,
        evaluations=so_far.evaluations + evidence + settled,
    )
    return Deliberated(outcome, settlement.asked)
