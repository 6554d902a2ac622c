"""A state read out as orders: id, need and rounding, pegging, and the resources that bind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from optimization.plan import BindingResource, Pegging, PlannedOrder
from optimization.replenishment.pegging import KINDS, Pegs, peg
from optimization.replenishment.placed import Placed, needs_before_rounding, placed_orders
from optimization.replenishment.problem import Floats, Ints, OrderProblem
from optimization.replenishment.state import State
from optimization.rows import Rows

_NOISE = 1e-6


def order_id(problem: OrderProblem, lane: int, bucket: int) -> str:
    """Lane and day of the order: the same order has the same id in every run."""
    day = problem.as_of + timedelta(days=bucket * problem.bucket_days)
    return f"{problem.lanes.ids[lane]}@{day}"


def read_orders(
    problem: OrderProblem, state: State, prices: Mapping[tuple[int, int], float]
) -> Sequence[PlannedOrder]:
    """
    The orders of a state, by order bucket and lane; each becomes an object when it is asked for.

    Parameters
    ----------
    prices
        Money per unit of a resource, by resource and bucket, where it is known.
    """
    placed = placed_orders(problem, state)
    rows = _OrderRows(
        problem,
        placed,
        needs_before_rounding(problem, state, placed),
        peg(problem, state, placed),
        _binding(problem, state, placed),
        prices,
        _group_sums(problem, state),
    )
    return Rows(placed.count, rows.order)


@dataclass(frozen=True, slots=True)
class _OrderRows:
    """What orders are made of."""

    problem: OrderProblem
    placed: Placed
    need: Floats
    pegs: Pegs
    binding: tuple[Ints, Ints]
    prices: Mapping[tuple[int, int], float]
    groups: Mapping[tuple[int, int], tuple[str, ...]]

    def order(self, number: int) -> PlannedOrder:
        """One order."""
        lanes, placed = self.problem.lanes, self.placed
        lane, bucket = int(placed.lane[number]), int(placed.bucket[number])
        quantity, need = float(placed.quantity[number]), float(self.need[number])
        return PlannedOrder(
            id=self._id(number),
            lane=lanes.ids[lane],
            stage=self.problem.stages.ids[placed.stage[number]],
            quantity=quantity,
            need=need,
            order_bucket=bucket,
            due_bucket=int(placed.arrival[number]),
            cost=float(lanes.unit_cost[lane]) * quantity + float(lanes.fixed_cost[lane]),
            rounding=_rounding(self.problem, lane, need, quantity, self.groups.get((lane, bucket), ())),
            pegging=self._pegging(number),
            binding=self._binding(number),
        )

    def _id(self, number: int) -> str:
        return order_id(self.problem, int(self.placed.lane[number]), int(self.placed.bucket[number]))

    def _pegging(self, number: int) -> tuple[Pegging, ...]:
        pegs, stage = self.pegs, self.problem.stages.ids[self.placed.stage[number]]
        mine = slice(pegs.first[number], pegs.first[number + 1])
        return tuple(
            Pegging(KINDS[kind], stage, bucket, quantity, self._id(consumer) if consumer >= 0 else "")
            for kind, bucket, quantity, consumer in zip(
                pegs.kind[mine].tolist(),
                pegs.bucket[mine].tolist(),
                pegs.quantity[mine].tolist(),
                pegs.consumer[mine].tolist(),
                strict=True,
            )
        )

    def _binding(self, number: int) -> tuple[BindingResource, ...]:
        mine = slice(self.binding[0][number], self.binding[0][number + 1])
        bucket = int(self.placed.bucket[number])
        return tuple(
            BindingResource(self.problem.resources.ids[r], bucket, self.prices.get((r, bucket), 0.0))
            for r in self.binding[1][mine].tolist()
        )


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


def _binding(problem: OrderProblem, state: State, placed: Placed) -> tuple[Ints, Ints]:
    """
    The resources an order uses that have no room for one more of its lots.

    Resources in the order of the orders; order o has those from `first[o]` to `first[o + 1]`.
    """
    resources, lanes = problem.resources, problem.lanes
    size = resources.unit_size[:, None]
    limit: Floats = resources.capacity * np.where(size > 0.0, size, 1.0)
    entry, order = placed.of_lanes(resources.lane)
    r, t, lane = resources.resource[entry], placed.bucket[order], placed.lane[order]
    left, use = (limit - state.use)[r, t], state.use[r, t]
    step = np.where(lanes.is_whole[lane], lanes.step[lane], _NOISE)
    is_full = (left < resources.per_unit[entry] * step - _NOISE) | (left <= _NOISE * np.maximum(1.0, use))
    order, r = order[is_full], r[is_full]
    rank = np.argsort(order, kind="stable")
    return np.searchsorted(order[rank], np.arange(placed.count + 1)), r[rank]
