"""
The demand bound of every node as a table: safety stock and cost at each net replenishment time.

    stock[j](tau) = k[j] sqrt(tau)                            certain times, cycle service
    cost[j](tau)  = rate[j] value[j] stock[j](tau)            or the stage's own cost table

Fill rates, varying times (`lead_time`), corridors and production capacity (`production`) only
change these tables; every algorithm below asks of them nothing but that they never fall. A
maximum stock is a bound on tau: the cost is infinite beyond it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.collection import uncollected
from optimization.errors import InvalidNetworkError
from optimization.network import ServiceLevelKind
from optimization.safety_stock.corridors import close_corridors
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.lead_time import exposure_moments, is_stochastic
from optimization.safety_stock.pooling import (
    PathCounts,
    cumulate_cost,
    cumulate_demand,
    greatest_downstream,
    pool_deviation,
)
from optimization.safety_stock.problem import ExternalDemand, GsmProblem, GsmStage
from optimization.safety_stock.production import ration_orders
from optimization.safety_stock.service import cycle_safety_factor, fill_rate_safety_factor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DemandBounds:
    """
    What each node faces and what covering it costs.

    Parameters
    ----------
    mean, deviation, factor
        Demand per day, k[j] (z included), and the largest z among the demand served.
    holding
        Money per unit of safety stock and year.
    first
        Where each node's table starts in `stock` and `cost`; node j has tau = 0 .. reach_in + T.
    stock, cost
        Units and money per year.
    exceeded
        Nodes whose maximum stock no placement can keep.
    overloaded
        Nodes whose production capacity no stock can make up for.
    """

    mean: Floats
    deviation: Floats
    factor: Floats
    holding: Floats
    first: Ints
    stock: Floats
    cost: Floats
    exceeded: tuple[int, ...] = ()
    overloaded: tuple[int, ...] = ()

    def stock_table(self, node: int) -> Floats:
        """Units by net replenishment time."""
        return self.stock[self.first[node] : self.first[node + 1]]

    def cost_table(self, node: int) -> Floats:
        """Money per year by net replenishment time."""
        return self.cost[self.first[node] : self.first[node + 1]]


@uncollected()
def bound_demand(problem: GsmProblem, layout: Layout, paths: PathCounts | None = None) -> DemandBounds:
    """
    The tables of a problem.

    Parameters
    ----------
    paths
        Path counts that may be known from an earlier problem.
    """
    faces = [problem.stages[k] for k in layout.stage]
    demands = own_demands(layout, faces)
    sigma = np.array([d.std if d else 0.0 for d in demands])
    flow = cumulate_demand(layout, np.array([d.mean if d else 0.0 for d in demands]))
    factor = np.array([_factor(layout, j, faces[j], d) if d else 0.0 for j, d in enumerate(demands)])
    pooled = pool_deviation(layout, factor * sigma, problem.pooling, paths)
    reached = greatest_downstream(layout, factor)
    holding = _holding(layout, faces)
    first, tau = _taus(layout)
    sizes = np.diff(first)
    stock = np.repeat(pooled, sizes) * np.sqrt(tau)
    rationing = ration_orders(layout, faces, flow, (pooled, factor * sigma))
    rationed = rationing.held
    for j, stage in _unusual(faces, rationed):
        part = slice(first[j], first[j + 1])
        if j in rationed or is_stochastic(stage):
            stock[part] = _widened(stage, tau[part], (pooled[j], reached[j] * flow[j]), rationed.get(j))
        if (demand := demands[j]) and _is_fill_rate(demand):
            stock[part] = np.maximum.accumulate(_fill_rate_stock(stage, demand, tau[part]))
        if stage.min_stock > 0.0 and layout.owner[j] < 0:
            stock[part] = np.maximum(stock[part], stage.min_stock)
    cost = np.repeat(holding, sizes) * stock
    for j, stage in _unusual(faces, rationed):
        if stage.cost_table and layout.owner[j] < 0:
            cost[first[j] : first[j + 1]] = _own_costs(stage, sizes[j])
    exceeded = close_corridors(layout, faces, (first, stock), cost)
    return DemandBounds(flow, pooled, reached, holding, first, stock, cost, exceeded, rationing.overloaded)


def _unusual(faces: list[GsmStage], rationed: dict[int, Floats]) -> list[tuple[int, GsmStage]]:
    """Nodes whose table is not simply k sqrt(tau)."""
    return [
        (j, s)
        for j, s in enumerate(faces)
        if s.lead_time_std > 0.0
        or s.lead_time_distribution
        or s.min_stock > 0.0
        or s.cost_table
        or j in rationed
        or (s.demand is not None and _is_fill_rate(s.demand))
    ]


def own_demands(layout: Layout, faces: list[GsmStage]) -> list[ExternalDemand | None]:
    """The outer demand that each node faces itself: a sink has its owner's, the owner none."""
    demands = [stage.demand for stage in faces]
    for owner in layout.owner[layout.owner >= 0]:
        demands[owner] = None
    return demands


def _factor(layout: Layout, node: int, stage: GsmStage, demand: ExternalDemand) -> float:
    """z; for a fill rate the z of the longest exposure, which the shorter ones never exceed."""
    if demand.safety_factor is not None:
        return demand.safety_factor
    assert demand.service_level is not None  # noqa: S101 - the problem has checked it
    if demand.service_level.kind is ServiceLevelKind.CYCLE:
        return cycle_safety_factor(demand.service_level.target)
    longest = np.array([layout.step * (layout.reach_in[node] + layout.time[node])])
    deviation = _exposed_deviation(stage, demand, longest)
    return float(
        fill_rate_safety_factor(demand.service_level.target, _cycle_demand(stage, demand), deviation)[0]
    )


def _is_fill_rate(demand: ExternalDemand) -> bool:
    return demand.service_level is not None and demand.service_level.kind is ServiceLevelKind.FILL_RATE


def _cycle_demand(stage: GsmStage, demand: ExternalDemand) -> float:
    return demand.mean * max(stage.review_period, 1.0)


def _exposed_deviation(stage: GsmStage, demand: ExternalDemand, tau: Floats) -> Floats:
    mean, variance = exposure_moments(stage, tau)
    return np.sqrt(demand.std**2 * mean + demand.mean**2 * variance)


def _fill_rate_stock(stage: GsmStage, demand: ExternalDemand, tau: Floats) -> Floats:
    assert demand.service_level is not None  # noqa: S101 - asked for fill rates only
    deviation = _exposed_deviation(stage, demand, tau)
    z = fill_rate_safety_factor(demand.service_level.target, _cycle_demand(stage, demand), deviation)
    return z * deviation


def _widened(stage: GsmStage, tau: Floats, spread: tuple[float, float], excess: Floats | None) -> Floats:
    """Stock where the stage's time varies or its demand is rationed; see `lead_time`, `production`."""
    deviation, flow = spread
    mean, variance = exposure_moments(stage, tau)
    if excess is None:
        covered = deviation**2 * mean
    else:
        step = tau[1] - tau[0] if tau.size > 1 else 1.0
        covered = np.interp(mean, step * np.arange(excess.size), excess) ** 2
    return np.maximum.accumulate(np.sqrt(covered + flow**2 * variance))


def unit_values(problem: GsmProblem, layout: Layout) -> tuple[float, ...]:
    """What a unit of each stage is worth where it stands, in the order of the problem."""
    faces = [problem.stages[k] for k in layout.stage]
    values = [0.0] * len(problem.stages)
    for k, owner, value in zip(
        layout.stage.tolist(), layout.owner.tolist(), _values(layout, faces), strict=True
    ):
        if owner < 0:
            values[k] = float(value)
    return tuple(values)


def _values(layout: Layout, faces: list[GsmStage]) -> Floats:
    added = np.array([s.added_cost for s in faces])
    added[layout.owner >= 0] = 0.0  # a sink adds nothing to its owner's value
    value = cumulate_cost(layout, added)
    own = np.array([np.nan if s.holding_value is None else s.holding_value for s in faces])
    return np.where(np.isnan(own), value, own)


def _holding(layout: Layout, faces: list[GsmStage]) -> Floats:
    return np.array([s.holding_rate for s in faces]) * _values(layout, faces)


def _taus(layout: Layout) -> tuple[Ints, Floats]:
    sizes = layout.reach_in + layout.time + 1
    first = np.concatenate([[0], np.cumsum(sizes)])
    steps = np.arange(first[-1]) - np.repeat(first[:-1], sizes)
    return first, layout.step * steps


def _own_costs(stage: GsmStage, size: int) -> Floats:
    if len(stage.cost_table) < size:
        raise InvalidNetworkError(
            f"stages[{stage.name}].cost_table",
            f"has {len(stage.cost_table)} values, but net replenishment times reach {size - 1} steps",
            f"give {size} values",
        )
    return np.array(stage.cost_table[:size])
