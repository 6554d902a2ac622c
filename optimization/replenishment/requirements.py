"""
Material requirements: what each stage lacks, wanted on its best lane in time, passed on upstream.

The classic level-by-level netting: stages nearest to customers first.
"""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment.levels import levels
from optimization.replenishment.problem import Floats, Ints, OrderProblem

_NOISE = 1e-7


@dataclass(frozen=True, slots=True)
class _Source:
    """One lane of a stage: its open order buckets and when they arrive, ascending."""

    lane: int
    buckets: Ints
    arrivals: Ints


def plan_requirements(problem: OrderProblem) -> Floats:
    """Quantities wanted per lane and order bucket, rounded, regardless of what is shared."""
    wanted = np.zeros(problem.lanes.is_open.shape)
    sources = sources_of(problem)
    consumed: list[list[tuple[int, float]]] = [[] for _ in problem.lanes.ids]
    for lane, stage, quantity in zip(*_arcs(problem), strict=True):
        consumed[lane].append((stage, quantity))
    drawn = np.zeros((len(problem.stages.ids), problem.buckets))
    for stage in np.argsort(-levels(problem), kind="stable"):
        _net(problem, int(stage), sources[stage], drawn[stage], wanted)
        for source in sources[stage]:
            for component, quantity in consumed[source.lane]:
                drawn[component, : problem.horizon] += quantity * wanted[source.lane]
    return wanted


def sources_of(problem: OrderProblem) -> list[list[_Source]]:
    """Lanes by stage, the preferred one first: lowest priority number, then cost, then id."""
    lanes = problem.lanes
    result: list[list[_Source]] = [[] for _ in problem.stages.ids]
    price = lanes.unit_cost + lanes.surcharge
    for lane in np.lexsort((np.arange(price.size), price)):
        buckets = np.flatnonzero(lanes.is_open[lane])
        if buckets.size:
            result[lanes.stage[lane]].append(_Source(int(lane), buckets, lanes.arrival[lane, buckets]))
    return result


def _arcs(problem: OrderProblem) -> tuple[list[int], list[int], list[float]]:
    arcs = problem.arcs
    return arcs.lane.tolist(), arcs.stage.tolist(), arcs.quantity.tolist()


def _net(problem: OrderProblem, stage: int, sources: list[_Source], drawn: Floats, wanted: Floats) -> None:
    """Want what the stage lacks, bucket by bucket, as late as it can still arrive in time."""
    stages = problem.stages
    net = (
        stages.on_hand[stage]
        - stages.backorders[stage]
        + np.cumsum(stages.receipts[stage] - stages.demand[stage] - drawn)
    )
    end, target = int(stages.end[stage]), stages.target[stage]
    t = 0
    while t < end:
        lacking = np.flatnonzero(net[t:end] < target[t:end] - _NOISE)
        if not lacking.size:
            return
        t += int(lacking[0])
        for source in sources:
            _want(problem, source, t, float(target[t] - net[t]), net, wanted)
            if net[t] >= target[t] - _NOISE:
                break
        if stages.is_lost[stage] and net[t] < 0.0:
            net[t:] -= net[t]  # a lost sale is not asked for again
        t += 1


def _want(  # noqa: PLR0913 - one step of the netting
    problem: OrderProblem, source: _Source, t: int, lack: float, net: Floats, wanted: Floats
) -> None:
    """Add to the lane's orders, latest first, until the lack is covered or no order is left in time."""
    rule = problem.lanes.rules[source.lane]
    last = int(np.searchsorted(source.arrivals, t, side="right")) - 1
    for k in range(last, -1, -1):
        bucket = int(source.buckets[k])
        held = wanted[source.lane, bucket]
        quantity = max(held, rule.round(held + lack)[0])
        if quantity > held:
            wanted[source.lane, bucket] = quantity
            net[source.arrivals[k] :] += quantity - held
            lack -= quantity - held
        if lack <= _NOISE:
            return
