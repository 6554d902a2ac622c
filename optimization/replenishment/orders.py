"""A state read out as orders: id, need and rounding, pegging, and the resources that bind."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from optimization.plan import BindingResource, PlannedOrder
from optimization.replenishment.pegging import peg
from optimization.replenishment.problem import Floats, Ints, OrderProblem
from optimization.replenishment.state import State

_NOISE = 1e-6


def order_id(problem: OrderProblem, lane: int, bucket: int) -> str:
    """Lane and day of the order: the same order has the same id in every run."""
    day = problem.as_of + timedelta(days=bucket * problem.bucket_days)
    return f"{problem.lanes.ids[lane]}@{day}"


def read_orders(
    problem: OrderProblem, state: State, prices: Mapping[tuple[int, int], float]
) -> tuple[PlannedOrder, ...]:
    """
    The orders of a state, by order bucket and lane.

    Parameters
    ----------
    prices
        Money per unit of a resource, by resource and bucket, where it is known.
    """
    placed = sorted(np.argwhere(state.quantity > 0.0).tolist(), key=lambda order: (order[1], order[0]))
    ids = {(lane, bucket): order_id(problem, lane, bucket) for lane, bucket in placed}
    pegging = peg(problem, state, ids)
    binding = binding_resources(problem, state, prices)
    groups = _group_sums(problem, state)
    lanes, orders, lanes_of = problem.lanes, [], _lanes_by_stage(problem)
    for (lane, bucket), name in ids.items():
        quantity = float(state.quantity[lane, bucket])
        need = _need_before_rounding(problem, state, lane, bucket, lanes_of[int(lanes.stage[lane])])
        orders.append(
            PlannedOrder(
                id=name,
                lane=lanes.ids[lane],
                stage=problem.stages.ids[lanes.stage[lane]],
                quantity=quantity,
                need=need,
                order_bucket=bucket,
                due_bucket=int(lanes.arrival[lane, bucket]),
                cost=float(lanes.unit_cost[lane]) * quantity + float(lanes.fixed_cost[lane]),
                rounding=_rounding(problem, lane, need, quantity, groups.get((lane, bucket), ())),
                pegging=pegging.get(name, ()),
                binding=binding.get((lane, bucket), ()),
            )
        )
    return tuple(orders)


def _lanes_by_stage(problem: OrderProblem) -> list[Ints]:
    order = np.argsort(problem.lanes.stage, kind="stable")
    firsts = np.searchsorted(problem.lanes.stage[order], np.arange(1, len(problem.stages.ids)))
    return np.split(order, firsts)


def _need_before_rounding(problem: OrderProblem, state: State, lane: int, bucket: int, mine: Ints) -> float:
    """
    What the stage would lack without this order until another order could arrive.

    Failing that, until the next one does. Never more than the order. `mine` are the stage's lanes.
    """
    stages, lanes = problem.stages, problem.lanes
    stage, arrival = int(lanes.stage[lane]), int(lanes.arrival[lane, bucket])
    quantity, end = float(state.quantity[lane, bucket]), int(stages.end[stage])
    net = state.stock[stage] - state.backlog[stage] - quantity
    for until in (_next_arrival(problem, mine, arrival), _next_order(problem, state, mine, arrival), end):
        window = slice(arrival, max(arrival + 1, min(until, end)))
        lack = float((stages.target[stage, window] - net[window]).max())
        if lack > _NOISE:
            return min(quantity, lack)
    return quantity


def _next_arrival(problem: OrderProblem, mine: Ints, arrival: int) -> int:
    """The first bucket after `arrival` in which an order of any lane could arrive."""
    lanes = problem.lanes
    possible = lanes.arrival[mine][lanes.is_open[mine]]
    later = possible[possible > arrival]
    return int(later.min(initial=problem.buckets))


def _next_order(problem: OrderProblem, state: State, mine: Ints, arrival: int) -> int:
    lanes = problem.lanes
    placed = lanes.arrival[mine][state.quantity[mine] > 0.0]
    return int(placed[placed > arrival].min(initial=problem.buckets))


def _rounding(
    problem: OrderProblem, lane: int, need: float, quantity: float, pooled: tuple[str, ...]
) -> tuple[str, ...]:
    """The steps from need to quantity; what the rules do not explain serves later buckets or waits."""
    rounded, steps = problem.lanes.rules[lane].round(need)
    if quantity > rounded + _NOISE:
        return (*steps, *(pooled or (f"later needs +{quantity - rounded:.12g}",)))
    if quantity < rounded - _NOISE:
        return (*steps, f"limited -{rounded - quantity:.12g}")
    return steps


def _group_sums(problem: OrderProblem, state: State) -> dict[tuple[int, int], tuple[str, ...]]:
    """By order, the pooled minimum that its group's sum just reaches."""
    groups = problem.groups
    found: dict[tuple[int, int], tuple[str, ...]] = {}
    for g, name in enumerate(groups.ids):
        members = np.flatnonzero(groups.group == g)
        lanes, weight = groups.lane[members], groups.weight[members]
        sums = weight @ state.quantity[lanes]
        step = float((weight * problem.lanes.step[lanes] * problem.lanes.is_whole[lanes]).max(initial=0.0))
        minimum = float(groups.minimum[g])
        for t in np.flatnonzero((sums > 0.0) & (sums <= minimum + step + _NOISE)):
            for lane in lanes[state.quantity[lanes, t] > 0.0].tolist():
                found[lane, int(t)] = (f"minimum {minimum:.12g} of group {name}",)
    return found


def binding_resources(
    problem: OrderProblem, state: State, prices: Mapping[tuple[int, int], float]
) -> dict[tuple[int, int], tuple[BindingResource, ...]]:
    """By order, the resources it uses that have no room for one more of its lots."""
    resources = problem.resources
    size = resources.unit_size[:, None]
    limit: Floats = np.where(
        size > 0.0, resources.capacity * np.where(size > 0.0, size, 1.0), resources.capacity
    )
    found: dict[tuple[int, int], list[BindingResource]] = defaultdict(list)
    for r, lane, per_unit in zip(
        resources.resource.tolist(), resources.lane.tolist(), resources.per_unit.tolist(), strict=True
    ):
        step = float(problem.lanes.step[lane]) if problem.lanes.is_whole[lane] else _NOISE
        for t in np.flatnonzero(state.quantity[lane] > 0.0).tolist():
            left = float(limit[r, t] - state.use[r, t])
            if left < per_unit * step - _NOISE or left <= _NOISE * max(1.0, float(state.use[r, t])):
                price = prices.get((r, t), 0.0)
                found[lane, t].append(BindingResource(resources.ids[r], t, price))
    return {order: tuple(rows) for order, rows in found.items()}
