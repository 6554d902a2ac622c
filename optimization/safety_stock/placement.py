"""
What a vector of service times costs, and what it looks like in the customer's terms.

SI is the longest service time of the suppliers (or the outside floor), S is as promised, but never
longer than SI + T: nothing is gained by promising a day on which the goods have long been there.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.collection import uncollected
from optimization.plan import SafetyStock
from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.layout import Layout, days
from optimization.safety_stock.lead_time import exposure_moments, is_stochastic
from optimization.safety_stock.problem import GsmProblem

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """Whole steps per node: SI, S, and the net replenishment time between them."""

    into: Ints
    out: Ints
    net: Ints


def settle(layout: Layout, out: list[int]) -> ServiceTimes:
    """The service times that a vector of promises amounts to; never costs more than was asked."""
    time, most = layout.time.tolist(), layout.longest.tolist()
    into, settled = layout.floor.tolist(), list(out)
    for j in layout.order:
        for i in layout.suppliers[j]:
            into[j] = max(into[j], settled[i])
        settled[j] = min(settled[j], into[j] + time[j], most[j])
    arrived, promised = np.array(into, dtype=np.int64), np.array(settled, dtype=np.int64)
    return ServiceTimes(arrived, promised, arrived + layout.time - promised)


def total_cost(bounds: DemandBounds, times: ServiceTimes) -> float:
    """Money per year, summed exactly so that the order of stages does not show."""
    return math.fsum(bounds.cost[bounds.first[:-1] + times.net].tolist())


@uncollected()
def describe(
    problem: GsmProblem, layout: Layout, bounds: DemandBounds, times: ServiceTimes
) -> tuple[SafetyStock, ...]:
    """One line per stage, in the order of the problem; an outer-demand sink counts with its owner."""
    stock = bounds.stock[bounds.first[:-1] + times.net]
    cost = bounds.cost[bounds.first[:-1] + times.net]
    exposed = layout.step * times.net * bounds.mean
    for sink in np.flatnonzero(layout.owner >= 0):
        owner = layout.owner[sink]
        stock[owner] += stock[sink]
        cost[owner] += cost[sink]
        exposed[owner] += exposed[sink]
    for j in np.flatnonzero(layout.owner < 0).tolist():
        stage = problem.stages[layout.stage[j]]
        if is_stochastic(stage):
            mean, _ = exposure_moments(stage, np.array([layout.step * times.net[j]]))
            exposed[j] += bounds.mean[j] * (mean[0] - layout.step * times.net[j])
    names = [problem.stages[k].name for k in layout.stage.tolist()]
    figures = (days(layout, times.into), days(layout, times.out), days(layout, times.net))
    rows = zip(names, *figures, stock.tolist(), (stock + exposed).tolist(), cost.tolist(), strict=True)
    lines = [SafetyStock(*row) for row in rows]
    position = np.argsort(layout.stage[layout.owner < 0])
    return tuple(lines[j] for j in position.tolist())
