"""Rules speak to planning, then planning plans: steps 4 to 6 of the line."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from decision_service import directives
from decision_service.decision import Evidence
from decision_service.directives import Allotment
from decision_service.facts import SnapshotFacts
from decision_service.usecases.evidence import collect
from decision_service.usecases.release_content import Release
from optimization import replenishment, safety_stock
from optimization.network import Finding, Snapshot, Stage
from optimization.parameters import PlanningParameters, StageParameters
from optimization.plan import Placement, ReplenishmentPlan
from optimization.report import SolveLimits
from rules import Evaluation, evaluate_stage

if TYPE_CHECKING:
    from optimization.replenishment.search import Reserve

_Evaluated = list[tuple[str, tuple[Evaluation, ...]]]


@dataclass(frozen=True, slots=True)
class Work:
    """
    How much work planning may do: a fixed number of slices, or as many as the clock allows.

    Parameters
    ----------
    doubt
        Why the answer of the join rules must not be used: another engine did not confirm it.
    reserve
        Another solver, where this process may load one: asked where HiGHS fails.
    executor
        Who helps with large plans; the plan is the same without.
    """

    slices: int | None = None
    may_continue: Callable[[], bool] | None = None
    doubt: str = ""
    reserve: "Reserve | None" = None
    executor: Executor | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning answered."""

    placement: Placement
    plan: ReplenishmentPlan
    findings: tuple[Finding, ...]


def speak_to_planning(
    known: SnapshotFacts, release: Release
) -> tuple[PlanningParameters, tuple[Evidence, ...]]:
    """The release's parameters with what its rules say about every stage, and the evidence."""
    evaluated: _Evaluated = []
    spoken = {stage.id: _speak(known, release, stage, evaluated) for stage in known.snapshot.stages}
    stages = {stage: said for stage, said in spoken.items() if said != StageParameters()}
    return replace(release.parameters, stages=stages), collect("parameters", evaluated)


def plan(known: SnapshotFacts, parameters: PlanningParameters, work: Work) -> Planned:
    """Place safety stock, then plan orders that keep it."""
    problem, findings = safety_stock.problem_from_snapshot(known.snapshot, parameters)
    placement = safety_stock.place_safety_stock(
        problem, parameters.safety_stock_limits, storage_gap=safety_stock.STORAGE_GAP
    )
    limits = parameters.order_limits
    if work.slices is not None:
        limits = replace(limits, slices=work.slices)
    stocks = {s.stage: s.safety_stock for s in placement.stocks}
    orders = _plan_orders(known.snapshot, stocks, parameters, limits, work)
    return Planned(placement, orders, findings + placement.findings + orders.findings)


def _plan_orders(
    snapshot: Snapshot,
    stocks: Mapping[str, float],
    parameters: PlanningParameters,
    limits: SolveLimits,
    work: Work,
) -> ReplenishmentPlan:
    """Planned by HiGHS; where another solver stood in for it, the plan must pass the check, or is not used."""
    plan = replenishment.plan_replenishment(
        snapshot,
        stocks,
        parameters,
        limits,
        may_continue=work.may_continue,
        reserve=work.reserve,
        executor=work.executor,
    )
    if not _has_faults(plan, snapshot, stocks, parameters):
        return plan
    same = replace(limits, slices=plan.report.slices)
    return replenishment.plan_replenishment(snapshot, stocks, parameters, same, executor=work.executor)


def _has_faults(
    plan: ReplenishmentPlan, snapshot: Snapshot, stocks: Mapping[str, float], parameters: PlanningParameters
) -> bool:
    """Whether another solver stood in, and its plan does not pass the check."""
    from optimization.check import check_plan  # noqa: PLC0415 - loads what plans, which judging does without
    from optimization.solver import SOLVER  # noqa: PLC0415

    return plan.report.solver != SOLVER and bool(check_plan(snapshot, stocks, parameters, plan))


def replan(
    known: SnapshotFacts,
    parameters: PlanningParameters,
    planned: Planned,
    allotments: tuple[Allotment, ...],
    executor: Executor | None,
) -> Planned:
    """
    Orders that keep to the allotments, starting from an earlier plan; safety stocks stay.

    The report keeps the slices of the first plan: from that one number a replay does the same work.
    """
    stocks = {s.stage: s.safety_stock for s in planned.placement.stocks}
    slices = planned.plan.report.slices
    limits = replace(parameters.order_limits, slices=slices)
    allotted = directives.allot(known.snapshot, allotments)
    plan = replenishment.plan_replenishment(
        allotted, stocks, parameters, limits, start=planned.plan, executor=executor
    )
    return replace(planned, plan=replace(plan, report=replace(plan.report, slices=slices)))


def without_limits(snapshot: Snapshot, resources: frozenset[str]) -> Snapshot:
    """The snapshot in which some resources have no limit."""
    lifted = tuple(
        replace(r, capacity=None, capacities=()) if r.id in resources else r for r in snapshot.resources
    )
    return replace(snapshot, resources=lifted)


def _speak(known: SnapshotFacts, release: Release, stage: Stage, evaluated: _Evaluated) -> StageParameters:
    """What is said with the preferred supplier, less the suppliers that rules exclude."""
    suppliers = tuple(known.suppliers_of(stage)) or (None,)
    outcomes = []
    for supplier in suppliers:
        evaluations = evaluate_stage(release.ruleset, "parameters", known.of_stage(stage, supplier))
        evaluated.append((stage.id, evaluations))
        outcomes.append((supplier, directives.merge(evaluations)))
    parameters = directives.stage_parameters(outcomes[0][1])
    for supplier, outcome in outcomes:
        if supplier is not None and outcome.get("exclude_supplier"):
            parameters = directives.exclude(parameters, supplier.id)
    return parameters
