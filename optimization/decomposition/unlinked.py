"""
Order problems whose stages share nothing but supplier capacity and room, planned by prices.

`plan_unlinked` takes the problem that `optimization.replenishment` plans (`order_problem`) and answers
None where the item programme does not say everything about it: materials between stages, several
lanes of a stage, quantities of any size, pooled minima, whole trucks, lost sales, shelf life, ceilings,
closed buckets in between, a second limited resource of a lane. Where it answers, its bound holds for the
problem as it stands, and its quantities keep every rule of an order.
"""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.decomposition.instance import UNLIMITED, Floats, Instance, Items
from optimization.decomposition.order_problem import OrderProblem
from optimization.decomposition.planner import EXCHANGE_MOST, DecompositionPlan, plan_item_locations
from optimization.report import SolveLimits

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class UnlinkedPlan:
    """Base units by lane and order bucket, the bound, and what proves it."""

    quantity: Floats
    bound: float
    proof: DecompositionPlan

    @property
    def can_improve(self) -> bool:
        """Whether more slices look at more plans; with many items the first slice has seen them all."""
        return len(self.proof.orders) <= EXCHANGE_MOST


def plan_unlinked(
    problem: OrderProblem,
    limits: SolveLimits,
    executor: Executor | None = None,
    *,
    warm: UnlinkedPlan | None = None,
) -> UnlinkedPlan | None:
    """
    The plan by prices, or None where the problem is not of this kind.

    Parameters
    ----------
    warm
        An earlier plan of this problem: the search starts from its prices.
    """
    if not (_shares_little(problem) and plain_stages(problem).all()):
        return None
    lane = _lane_of(problem, np.flatnonzero(problem.lanes.is_open.any(axis=1)))
    instance = _instance(problem, lane)
    known = warm.proof.prices if warm else None
    plan = plan_item_locations(instance, limits, executor, warm=known)
    bound = plan.bound + problem.worth_given - _worth_of_net(problem)
    return UnlinkedPlan(_quantities(problem, lane, plan), bound, plan)


def _worth_of_net(problem: OrderProblem) -> float:
    """
    The worth of the net stock at the end if nothing is ordered, negative where it is owed.

    Worth w of what is left, - w y+ = - w (a + q k) - w y-, is taken off the price of a unit and
    off the settlement; this part of it is the same for every plan.
    """
    stages = problem.stages
    net = stages.on_hand - stages.backorders
    counted = np.arange(stages.demand.shape[1]) < stages.end[:, None]
    return float(stages.worth @ (net + ((stages.receipts - stages.demand) * counted).sum(axis=1)))


def plain_stages(problem: OrderProblem) -> NDArray[np.bool_]:
    """Stages that the item programme says everything about, whatever they share with others."""
    count = len(problem.stages.ids)
    if not len(problem.lanes.stage):  # nothing can be ordered: nothing to programme
        return np.zeros(count, np.bool_)
    used = np.flatnonzero(problem.lanes.is_open.any(axis=1))
    lanes = np.bincount(problem.lanes.stage[used], minlength=count)
    lane = _lane_of(problem, used)
    return (lanes <= 1) & _is_plain(problem, lane) & (_lead_times(problem, lane) >= 0)


def _lane_of(problem: OrderProblem, used: NDArray[np.int64]) -> NDArray[np.int64]:
    """By stage, its lane, the last of several; -1 where nothing can be ordered."""
    lane = np.full(len(problem.stages.ids), -1, np.int64)
    lane[problem.lanes.stage[used]] = used
    return lane


def _is_plain(problem: OrderProblem, lane: NDArray[np.int64]) -> NDArray[np.bool_]:
    """By stage, whether the item programme knows stages and lots of this kind."""
    stages = problem.stages
    counted = np.arange(stages.demand.shape[1]) < stages.end[:, None]
    low = np.where(counted, stages.target, np.inf).min(axis=1)
    high = np.where(counted, stages.target, -np.inf).max(axis=1)
    has_ceiling = np.isfinite(stages.ceiling) & (stages.excess_cost > 0.0)
    is_odd = stages.is_lost | (stages.life >= 0) | has_ceiling | (low < high)
    is_plain: NDArray[np.bool_] = ~(is_odd | _has_odd_lots(problem, lane) | _pays_to_order(problem, lane))
    return is_plain


def _has_odd_lots(problem: OrderProblem, lane: NDArray[np.int64]) -> NDArray[np.bool_]:
    """By stage, whether its lane's quantities are no lots between a minimum and a maximum."""
    lanes, at = problem.lanes, np.maximum(lane, 0)
    step, smallest = lanes.step[at], lanes.smallest[at]
    lots = smallest / step
    is_broken = np.abs(lots - np.round(lots)) > _SLACK * np.maximum(lots, 1.0)
    return (lane >= 0) & (~lanes.is_whole[at] | is_broken | (lanes.largest[at] < np.maximum(smallest, step)))


def _pays_to_order(problem: OrderProblem, lane: NDArray[np.int64]) -> NDArray[np.bool_]:
    """By stage, whether it would pay to order for the end's sake, or to owe."""
    unit_cost, settlement = _unit_costs(problem, lane)
    return np.minimum(unit_cost, settlement) < 0.0


def _unit_costs(problem: OrderProblem, lane: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """What a unit costs, and what one that is owed to the end costs, less what it is worth there."""
    stages, lanes, at = problem.stages, problem.lanes, np.maximum(lane, 0)
    unit_cost = np.where(lane >= 0, lanes.unit_cost[at] + lanes.surcharge[at] - stages.worth, 0.0)
    return unit_cost, stages.settlement_cost - stages.worth


def _shares_little(problem: OrderProblem) -> bool:
    """No materials, no pooled minima, no whole units; one limited resource a lane, one room a stage."""
    resources, stores = problem.resources, problem.stores
    limited = np.isfinite(resources.capacity).any(axis=1)
    lanes = resources.lane[limited[resources.resource]]
    return not (
        problem.arcs.lane.size
        or problem.groups.lane.size
        or ((resources.unit_size > 0.0) & (limited | (resources.unit_cost > 0.0))).any()
        or (resources.capacity < 0.0).any()
        or (stores.capacity < 0.0).any()
        or np.unique(lanes).size < lanes.size
        or np.unique(stores.stage).size < stores.stage.size
    )


def _instance(problem: OrderProblem, lane: NDArray[np.int64]) -> Instance:
    """The same problem as item-locations."""
    stages, lanes, resources, stores = problem.stages, problem.lanes, problem.resources, problem.stores
    count, periods = stages.demand.shape
    lead = _lead_times(problem, lane)
    can, at = lane >= 0, np.maximum(lane, 0)
    first_open = np.where(can, lanes.is_open[at].argmax(axis=1), 0)
    net = np.cumsum(stages.receipts - stages.demand, axis=1) + (stages.on_hand - stages.backorders)[:, None]
    target = stages.target[:, 0]
    unit_cost, settlement = _unit_costs(problem, lane)
    supplier, unit_use, order_use = _uses(resources, lane, count)
    store = np.full(count, len(stores.ids), np.int32)
    volume = np.zeros(count)
    store[stores.stage], volume[stores.stage] = stores.store, stores.per_unit
    step = np.where(can, lanes.step[at], 1.0)
    most = np.minimum(np.where(can, lanes.largest[at], step) / step * (1.0 + _SLACK), float(UNLIMITED))
    items = Items(
        net=net,
        lot=step,
        minimum=np.maximum(np.where(can, np.round(lanes.smallest[at] / step), 1), 1).astype(np.int32),
        maximum=np.floor(most).astype(np.int32),
        lead_time=lead.astype(np.int32),
        first=np.where(can, first_open + lead, periods).astype(np.int32),
        end=stages.end.astype(np.int32),
        order_cost=np.where(can, lanes.fixed_cost[at], 0.0),
        unit_cost=unit_cost,
        holding=stages.holding,
        backlog=stages.lateness_cost,
        settlement=settlement,
        safety_stock=target,
        shortfall=np.where(target > 0.0, stages.shortfall_cost, 0.0),
        unit_use=unit_use,
        order_use=order_use,
        volume=volume,
        supplier=supplier,
        store=store,
    )
    supply = np.full((len(resources.ids) + 1, periods), np.inf)
    supply[:-1, : problem.horizon] = resources.capacity
    room = np.full((len(stores.ids) + 1, periods), np.inf)
    room[:-1] = stores.capacity
    prices = _over_costs(problem, items)
    return Instance(items, supply, room, *prices, offset=-_worth_of_net(problem))


def _over_costs(problem: OrderProblem, items: Items) -> tuple[float, float]:
    """
    What a unit of demand that is late to the end can cost, per unit of capacity and of room.

    No price beyond it is worth looking at; at most what overload costs in the problem, so that
    the bound holds there.
    """
    worst = items.backlog * items.end + items.settlement + items.shortfall * items.end
    costs = []
    for use, dear in (
        (items.unit_use, problem.resources.over_cost),
        (items.volume, problem.stores.over_cost),
    ):
        taken = use > 0.0
        most = float((worst[taken] / use[taken]).max(initial=0.0))
        costs.append(max(min(most, float(dear.min(initial=np.inf))), 1e-6))
    return costs[0], costs[1]


def _lead_times(problem: OrderProblem, lane: NDArray[np.int64]) -> NDArray[np.int64]:
    """Buckets from order to arrival, by stage; -1 where they vary or a later bucket is closed."""
    lanes, lead = problem.lanes, np.zeros(len(lane), np.int64)
    stage = np.flatnonzero(lane >= 0)
    is_open, arrival = lanes.is_open[lane[stage]], lanes.arrival[lane[stage]]
    first, count = is_open.argmax(axis=1), is_open.sum(axis=1)
    last = problem.horizon - 1 - is_open[:, ::-1].argmax(axis=1)
    wait = arrival[np.arange(stage.size), first] - first
    varies = ((arrival - np.arange(problem.horizon) != wait[:, None]) & is_open).any(axis=1)
    most = np.minimum(problem.stages.end[stage], problem.horizon + wait)
    is_odd = varies | (last - first + 1 > count) | (wait < 0) | (last + wait + 1 < most)
    lead[stage] = np.where(is_odd, -1, wait)
    return lead


def _uses(resources: Any, lane: NDArray[np.int64], count: int) -> tuple[NDArray[np.int32], Floats, Floats]:
    """By stage, its limited resource (or the one without limit, added at the end) and the use of it."""
    stage_of = np.full(max(lane.max(initial=-1), resources.lane.max(initial=-1)) + 2, -1, np.int64)
    stage_of[lane[lane >= 0]] = np.flatnonzero(lane >= 0)
    limited = np.isfinite(resources.capacity).any(axis=1)[resources.resource]
    owner = stage_of[resources.lane]
    kept = limited & (owner >= 0)
    supplier = np.full(count, len(resources.ids), np.int32)
    unit_use, order_use = np.zeros(count), np.zeros(count)
    supplier[owner[kept]] = resources.resource[kept]
    unit_use[owner[kept]] = resources.per_unit[kept]
    order_use[owner[kept]] = resources.per_order[kept]
    return supplier, unit_use, order_use


def _quantities(problem: OrderProblem, lane: NDArray[np.int64], plan: DecompositionPlan) -> Floats:
    """Lots by arrival to units by order bucket."""
    lanes, quantity = problem.lanes, np.zeros(problem.lanes.is_open.shape)
    item, arrival = np.nonzero(plan.orders)
    chosen = lane[item]
    lead = lanes.arrival[chosen, lanes.is_open[chosen].argmax(axis=1)] - lanes.is_open[chosen].argmax(axis=1)
    quantity[chosen, arrival - lead] = plan.orders[item, arrival] * lanes.step[chosen]
    return quantity
