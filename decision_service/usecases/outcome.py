"""
The pure function: decide(question, snapshot, release) -> outcome.

Logging, replay, shadow runs, impact analysis and rollback all call this and nothing else. It
reads no clock, no store and no environment; the only clock near it is the caller's
`may_continue`, which chooses how many slices of work are done, and the number done is in the
outcome's reports, so that a replay can do the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from decision_service import directives, facts
from decision_service.decision import (
    DecisionMode,
    Disposition,
    Evidence,
    JudgedOrder,
    Outcome,
    Question,
    Reason,
    Verdict,
)
from decision_service.facts import FACTS, Facts, SnapshotFacts
from decision_service.usecases.evidence import collect, reasons_of
from decision_service.usecases.release_content import Release
from optimization.network import Finding, Lane, LaneKind, Snapshot, Stage
from optimization.parameters import PlanningParameters, StageParameters
from optimization.plan import Placement, PlannedOrder, ReplenishmentPlan
from optimization.replenishment import plan_replenishment
from optimization.report import SolveReport
from optimization.safety_stock import place_safety_stock, problem_from_snapshot
from optimization.validate import validate_snapshot
from rules import Evaluation, evaluate_stage


@dataclass(frozen=True, slots=True)
class Work:
    """How much work planning may do: a fixed number of slices, or as many as the clock allows."""

    slices: int | None = None
    may_continue: Callable[[], bool] | None = None


def decide(question: Question, snapshot: Snapshot, release: Release, work: Work = Work()) -> Outcome:  # noqa: B008 - frozen
    """
    All that follows from a question under a release.

    Raises
    ------
    InvalidNetworkError
        The snapshot contradicts itself.
    RulesError
        The rules cannot be evaluated on these facts.
    """
    findings = snapshot.findings + validate_snapshot(snapshot)
    known = SnapshotFacts(snapshot)
    admission = evaluate_stage(release.ruleset, "admission", known.of_request(question))
    evidence = collect("admission", [("request", admission)])
    if directives.merge(admission).get("verdict") == Verdict.REJECTED:
        return Outcome(Verdict.REJECTED, reasons_of(admission), exceptions=findings, evaluations=evidence)
    if question.mode is DecisionMode.JUDGE:
        proposed = tuple(_proposed(known, question, p) for p in question.proposals)
        return _judged(
            release, known, Outcome(Verdict.APPROVED, exceptions=findings, evaluations=evidence), proposed
        )
    return _planned(
        question,
        snapshot,
        release,
        work,
        Outcome(Verdict.APPROVED, (), (), (), findings, evaluations=evidence),
    )


def _planned(
    question: Question, snapshot: Snapshot, release: Release, work: Work, so_far: Outcome
) -> Outcome:
    known = SnapshotFacts(snapshot)
    parameters, spoken = speak_to_planning(known, release)
    problem, safety_findings = problem_from_snapshot(snapshot, parameters)
    placement = place_safety_stock(problem, parameters.safety_stock_limits)
    stocks = {s.stage: s.safety_stock for s in placement.stocks}
    limits = replace(parameters.order_limits, slices=work.slices or parameters.order_limits.slices)
    plan = plan_replenishment(snapshot, stocks, parameters, limits, may_continue=work.may_continue)
    outcome = replace(
        so_far,
        safety_stocks=placement.stocks,
        exceptions=so_far.exceptions + safety_findings + placement.findings + plan.findings,
        gave_way=plan.gave_way,
        requirements_in_conflict=plan.conflicts,
        reports=(placement.report, plan.report),
        evaluations=so_far.evaluations + spoken,
    )
    return _judged(release, known, outcome, tuple(_planned_order(known, order) for order in plan.orders))


def speak_to_planning(
    known: SnapshotFacts, release: Release
) -> tuple[PlanningParameters, tuple[Evidence, ...]]:
    """The release's parameters with what its rules say about every stage, and the evidence."""
    spoken: dict[str, StageParameters] = {}
    evaluated: list[tuple[str, tuple[Evaluation, ...]]] = []
    for stage in known.snapshot.stages:
        spoken[stage.id] = _speak(known, release, stage, evaluated)
    stages = {k: v for k, v in spoken.items() if v != StageParameters()}
    return replace(release.parameters, stages=stages), collect("parameters", evaluated)


def _speak(
    known: SnapshotFacts, release: Release, stage: Stage, evaluated: list[tuple[str, tuple[Evaluation, ...]]]
) -> StageParameters:
    parameters: StageParameters | None = None
    for supplier in (*known.suppliers_of(stage), None):
        if supplier is None and parameters is not None:
            break
        evaluations = evaluate_stage(release.ruleset, "parameters", known.of_stage(stage, supplier))
        evaluated.append((stage.id, evaluations))
        outcome = directives.merge(evaluations)
        parameters = parameters or directives.stage_parameters(outcome)
        if supplier is not None and outcome.get("exclude_supplier"):
            parameters = directives.exclude(parameters, supplier.id)
    return parameters or StageParameters()


def _judged(
    release: Release, known: SnapshotFacts, outcome: Outcome, orders: tuple[JudgedOrder, ...]
) -> Outcome:
    gap = max((r.gap for r in outcome.reports if r.name == "orders"), default=0.0)
    of_plan = facts.of_plan(gap, sum(o.cost for o in orders), len(outcome.gave_way))
    evaluated = [
        (o.id, evaluate_stage(release.ruleset, "review", known.of_order(o) | of_plan)) for o in orders
    ]
    judged = tuple(_disposed(o, e) for o, (_, e) in zip(orders, evaluated, strict=True))
    verdict = (
        Verdict.APPROVED if all(o.disposition is Disposition.APPROVED for o in judged) else Verdict.REFERRED
    )
    return replace(
        outcome,
        verdict=verdict,
        orders=judged,
        evaluations=outcome.evaluations + collect("review", evaluated),
    )


# The strictest table decides: BLOCKED before REFERRED before APPROVED.
_STRICTNESS = (Disposition.BLOCKED, Disposition.REFERRED, Disposition.APPROVED)


def _disposed(order: JudgedOrder, evaluations: tuple[Evaluation, ...]) -> JudgedOrder:
    """The order with what the strictest table says; no table that speaks = refused by default."""
    speaking = [e for e in evaluations if e.outcome.get("disposition")]
    if not speaking:
        reason = Reason("", "", "no review table speaks of this order: nothing is approved by default")
        return replace(order, disposition=Disposition.BLOCKED, reasons=(reason,))
    disposition = min((Disposition(e.outcome["disposition"]) for e in speaking), key=_STRICTNESS.index)
    deciding = tuple(e for e in speaking if e.outcome["disposition"] == disposition)
    outcome = directives.merge(deciding)
    return replace(
        order,
        disposition=disposition,
        role=str(outcome.get("role") or ""),
        deadline_days=float(outcome.get("deadline_days") or 0),
        on_timeout=str(outcome.get("on_timeout") or ""),
        reasons=reasons_of(deciding),
    )


def _planned_order(known: SnapshotFacts, order: PlannedOrder) -> JudgedOrder:
    snapshot, lane = known.snapshot, known.lanes[order.lane]
    stage = known.stages[order.stage]
    start = snapshot.as_of + timedelta(days=order.order_bucket * snapshot.bucket_days)
    due = snapshot.as_of + timedelta(days=order.due_bucket * snapshot.bucket_days)
    return JudgedOrder(
        id=order.id,
        lane=lane.id,
        kind=lane.kind,
        stage=stage.id,
        item=stage.item,
        location=stage.location,
        supplier=lane.supplier,
        quantity=order.quantity,
        need=order.need,
        order_date=start,
        due_date=due,
        order_bucket=order.order_bucket,
        due_bucket=order.due_bucket,
        cost=order.cost,
        disposition=Disposition.BLOCKED,  # until a rule says otherwise
        rounding=order.rounding,
        pegging=order.pegging,
        binding=order.binding,
    )


def _proposed(known: SnapshotFacts, question: Question, index: int, proposal: OrderProposal) -> JudgedOrder:
    """The caller's proposal as an order: priced by its lane, due after the lane's lead time."""
    lane = known.lanes.get(proposal.lane)
    if lane is None:
        raise InvalidNetworkError(
            f"proposals[{index}].lane", f"no lane `{proposal.lane}`", "name a lane of the snapshot"
        )
    stage, snapshot = known.stages[lane.stage], known.snapshot
    start = proposal.order_date or snapshot.as_of
    if start < snapshot.as_of:
        raise InvalidNetworkError(
            f"proposals[{index}].order_date", f"`{start}` is before as_of", "give a later day"
        )
    due = start + timedelta(days=ceil(lane.lead_time))
    return JudgedOrder(
        id=proposal.id,
        lane=lane.id,
        kind=lane.kind,
        stage=stage.id,
        item=stage.item,
        location=stage.location,
        supplier=lane.supplier,
        quantity=proposal.quantity,
        need=proposal.quantity,
        order_date=start,
        due_date=due,
        order_bucket=(start - snapshot.as_of).days // snapshot.bucket_days,
        due_bucket=(due - snapshot.as_of).days // snapshot.bucket_days,
        cost=lane.fixed_cost + lane.unit_cost * in_lane_units(known.snapshot, lane, stage, proposal.quantity),
        disposition=Disposition.BLOCKED,  # until a rule says otherwise
    )
