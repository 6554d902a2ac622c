"""
Where to hold safety stock in a general acyclic network, with a proof.

    min  sum over j of cost[j](SI[j] + T[j] - S[j])
    s.t. SI[j] >= S[i] for every supplier i of j,  SI[j] >= floor[j],  0 <= S[j] <= promise[j],  S[j] <= SI[j] + T[j]

the guaranteed-service model of Graves and Willems (2000) on networks as in Humair and Willems
(2011). The cost is recomputed from the full vector of service times, the bound from multipliers;
neither takes the solver's word.
"""

from contextlib import nullcontext
from dataclasses import replace

from optimization.collection import uncollected
from optimization.network import Finding
from optimization.parameters import TimeRounding
from optimization.plan import Placement
from optimization.report import SolveLimits, SolveReport, Termination, relative_gap
from optimization.safety_stock.bounds import DemandBounds, bound_demand
from optimization.safety_stock.capacity import StoredOptimum, minimise_within_storage
from optimization.safety_stock.layout import Layout, lay_out
from optimization.safety_stock.minimise import PROOF_GAP, Optimum, WarmStart, minimise
from optimization.safety_stock.placement import describe
from optimization.safety_stock.problem import GsmProblem, GsmStage
from optimization.solver import SOLVER

STORAGE_GAP = 1e-3  # enough for a decision, where the last of a search of full storage takes longest


def place_safety_stock(
    problem: GsmProblem, limits: SolveLimits, *, storage_gap: float | None = None
) -> Placement:
    """
    The cheapest safety stocks that keep every promise, stage by stage in the problem's order.

    Parameters
    ----------
    storage_gap
        Where storage is full, the gap to search to; by default that of `limits`.
    """
    within = limits if storage_gap is None else replace(limits, gap=max(limits.gap, storage_gap))
    with nullcontext() if problem.storage else uncollected():  # a search of full storage takes its time
        return place_from(problem, limits, None, within=within)


def place_from(
    problem: GsmProblem,
    limits: SolveLimits,
    start: WarmStart | None,
    layout: Layout | None = None,
    *,
    within: SolveLimits | None = None,
) -> Placement:
    """
    The same, starting from what an earlier, similar solve has left in `start`.

    Parameters
    ----------
    layout
        That of the problem, where it is known.
    within
        Limits of the search where storage is full, if not the same.
    """
    layout = layout or lay_out(problem)
    bounds = bound_demand(problem, layout, start.paths if start else None)
    if problem.storage:
        stored = minimise_within_storage(problem, layout, bounds, (limits, within or limits))
    else:
        stored = StoredOptimum(minimise(layout, bounds, limits, start), ())
    return Placement(
        describe(problem, layout, bounds, stored.optimum.times),
        report_optimum(stored.optimum, limits),
        _findings(problem, layout, bounds) + _overflows(stored),
    )


def report_optimum(optimum: Optimum, limits: SolveLimits) -> SolveReport:
    """Objective, bound and gap; a bound above the cost by rounding noise is the cost."""
    bound = min(optimum.bound, optimum.cost)
    gap = relative_gap(optimum.cost, bound)
    is_proven = gap <= max(limits.gap, PROOF_GAP)
    return SolveReport(
        "safety-stock",
        Termination.OPTIMAL if is_proven else Termination.FEASIBLE,
        optimum.cost,
        bound,
        gap,
        nodes=optimum.nodes,
        iterations=optimum.iterations,
        slices=limits.slices,
        columns=optimum.columns,
        rows=optimum.rows,
        solver=SOLVER,
    )


def _findings(problem: GsmProblem, layout: Layout, bounds: DemandBounds) -> tuple[Finding, ...]:
    findings = []
    if layout.rounded:
        findings.append(
            Finding(
                "FRACTIONAL_TIME",
                "safety-stock",
                f"{layout.rounded} stage times are not whole steps of time",
                f"DEFAULTED: {_rounding(problem)}",
            )
        )
    findings += [
        Finding("NO_DEMAND", stage.name, "no demand reaches this stage", "KEPT: it holds no safety stock")
        for j, k in enumerate(layout.stage.tolist())
        if layout.owner[j] < 0 and bounds.mean[j] == 0.0 and bounds.deviation[j] == 0.0
        for stage in [problem.stages[k]]
    ]
    findings += [
        Finding(
            "MAX_STOCK",
            problem.stages[layout.stage[j]].name,
            f"max_stock {problem.stages[layout.stage[j]].max_stock:g} is less than the service times need",
            "KEPT: the promise stands, the maximum gives way",
        )
        for j in bounds.exceeded
    ]
    findings += [_overload(problem.stages[layout.stage[j]], float(bounds.mean[j])) for j in bounds.overloaded]
    return tuple(findings)


def _overload(stage: GsmStage, flow: float) -> Finding:
    assert stage.capacity is not None  # noqa: S101 - only what has one is overloaded
    how = f"exceeds its capacity of {stage.capacity:g}"
    if flow <= stage.capacity:
        how = f"takes all but {stage.capacity - flow:g} of its capacity of {stage.capacity:g}"
    return Finding(
        "CAPACITY",
        stage.name,
        f"mean demand of {flow:g} a day {how} a day: no stock can make up for it",
        "KEPT: the promises stand, placed as if the capacity were enough",
    )


def _overflows(stored: StoredOptimum) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "STORAGE",
            site,
            f"the leanest safety stocks need {excess:g} more than the capacity",
            "KEPT: the promises stand, the capacity gives way by that much",
        )
        for site, excess in stored.gave_way
    )


def _rounding(problem: GsmProblem) -> str:
    if problem.time_rounding is TimeRounding.SCALED:
        return f"rounded up to a {problem.time_scale}th of a day"
    return (
        "rounded up to whole days"
        if problem.time_rounding is TimeRounding.CEIL
        else "rounded to the nearest day"
    )
