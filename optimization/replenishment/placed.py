"""The orders of a state as arrays, in the order in which plans list them: by order bucket, then lane."""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment.problem import Flags, Floats, Ints, OrderProblem
from optimization.replenishment.state import State

_NOISE = 1e-6


@dataclass(frozen=True, slots=True)
class Placed:
    """Arrays over orders."""

    lane: Ints
    bucket: Ints  # in which it is placed
    stage: Ints
    arrival: Ints  # bucket in which it can first be used
    quantity: Floats

    @property
    def count(self) -> int:
        """How many orders there are."""
        return int(self.lane.size)

    def of_lanes(self, lanes: Ints) -> tuple[Ints, Ints]:
        """Every pair of an entry of `lanes` and an order of that lane: the entry, the order; by entry, then bucket."""
        by_lane = np.argsort(self.lane, kind="stable")
        ordered = self.lane[by_lane]
        begin, end = np.searchsorted(ordered, lanes), np.searchsorted(ordered, lanes, side="right")
        count = end - begin
        entry = np.repeat(np.arange(lanes.size), count)
        within = np.arange(entry.size) - np.repeat(np.cumsum(count) - count, count)
        return entry, by_lane[begin[entry] + within]


def placed_orders(problem: OrderProblem, state: State) -> Placed:
    """Every order of a state."""
    bucket, lane = np.nonzero(state.quantity.T > 0.0)
    lanes = problem.lanes
    return Placed(lane, bucket, lanes.stage[lane], lanes.arrival[lane, bucket], state.quantity[lane, bucket])


def needs_before_rounding(problem: OrderProblem, state: State, placed: Placed) -> Floats:
    """
    What each order's stage would lack without it until another order could arrive.

    Failing that, until the next one does; failing that, to the end. Never more than the order.
    """
    end = problem.stages.end[placed.stage]
    need = np.zeros(placed.count)
    for until in (_after(problem, problem.lanes.is_open), _after(problem, state.quantity > 0.0), None):
        open_ = np.flatnonzero(need <= 0.0)
        last = end[open_]
        if until is not None:
            last = np.minimum(last, until[placed.stage[open_], placed.arrival[open_]])
        need[open_] = _lack(problem, state, placed, open_, last)
    return np.where(need > 0.0, np.minimum(need, placed.quantity), placed.quantity)


def _after(problem: OrderProblem, chosen: Flags) -> Ints:
    """By stage and bucket, the first bucket after it in which one of the chosen orders arrives."""
    lanes, buckets = problem.lanes, problem.buckets
    first = np.full((len(problem.stages.ids), buckets + 1), buckets, np.int32)
    # One order bucket at a time: a list of all of them would be longer than the tables it is made from.
    for bucket in range(problem.horizon):
        lane = np.flatnonzero(chosen[:, bucket] & (lanes.arrival[:, bucket] < buckets))
        arrival = lanes.arrival[lane, bucket]
        first[lanes.stage[lane], arrival] = arrival
    later = np.minimum.accumulate(first[:, ::-1], axis=1, out=first[:, ::-1])[:, ::-1]
    return later[:, 1:]


def _lack(problem: OrderProblem, state: State, placed: Placed, some: Ints, until: Ints) -> Floats:
    """The most that is lacking from an order's arrival on and before `until`; 0 where nothing is."""
    stage, arrival = placed.stage[some], placed.arrival[some]
    most = np.full(some.size, -np.inf)
    width = np.maximum(until - arrival, 1)
    for step in range(int(width.max(initial=0))):
        seen = np.flatnonzero(width > step)
        i, t = stage[seen], arrival[seen] + step
        below = problem.stages.target[i, t] - state.stock[i, t] + state.backlog[i, t]
        most[seen] = np.maximum(most[seen], below)
    lack = most + placed.quantity[some]
    return np.where(lack > _NOISE, lack, 0.0)
