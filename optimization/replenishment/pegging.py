"""
Pegging: which need each unit of supply serves, first in, first out at every stage.

Supply is stock on hand, receipts and orders in the order of their arrival; needs are customers'
demand and components of other orders in the order in which they were served, then what is written
off, then what is left as safety stock and beyond. Both sides are walked once, stage by stage, in
compiled code: a million item-locations have six million orders.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimization.replenishment.placed import Placed
from optimization.replenishment.problem import Floats, Ints, OrderProblem
from optimization.replenishment.state import State

_NOISE = 1e-6
KINDS = ("DEMAND", "ORDER", "EXPIRED", "SAFETY_STOCK", "STOCK")
_DEMAND, _ORDER, _EXPIRED, _SAFETY_STOCK, _STOCK = range(5)


@dataclass(frozen=True, slots=True)
class Pegs:
    """Pegs in the order of the orders; order o has those from `first[o]` to `first[o + 1]`."""

    first: Ints
    kind: NDArray[np.int8]  # a place in KINDS
    bucket: NDArray[np.int16]
    consumer: NDArray[np.int32]  # the consuming order, -1: none
    quantity: Floats


def peg(problem: OrderProblem, state: State, placed: Placed) -> Pegs:
    """What every order serves."""
    supplies, consumers = _supplies(problem, placed), _consumers(problem, placed)
    count = np.zeros(placed.count + 1, np.int64)
    nowhere: Any = (np.empty(0, np.int8), np.empty(0, np.int16), np.empty(0, np.int32), np.empty(0))
    stages = problem.stages
    given: Any = (
        stages.on_hand, stages.backorders, stages.receipts, stages.demand, stages.target, stages.is_lost,
        stages.end, state.lost, state.backlog, state.waste,
    )  # fmt: skip
    _peg_stages(given, supplies, consumers, count, nowhere)
    first = np.concatenate([[0], np.cumsum(count[:-1])]).astype(np.int64)
    size = int(first[-1])
    found: Any = (np.empty(size, np.int8), np.empty(size, np.int16), np.empty(size, np.int32), np.empty(size))
    _peg_stages(given, supplies, consumers, first.copy(), found)
    return Pegs(first, *found)


def _supplies(problem: OrderProblem, placed: Placed) -> Any:
    """Orders by stage and arrival; where each stage's begin."""
    stage, arrival = placed.stage, placed.arrival
    order = np.lexsort((placed.bucket, placed.lane, arrival, stage))
    first = np.searchsorted(stage[order], np.arange(len(problem.stages.ids) + 1))
    return first, order, arrival[order], placed.quantity[order]


def _consumers(problem: OrderProblem, placed: Placed) -> Any:
    """Orders that consume a stage, by stage, bucket and arc; where each stage's begin."""
    arcs = problem.arcs
    arc, order = placed.of_lanes(arcs.lane)
    bucket, stage = placed.bucket[order], arcs.stage[arc]
    rank = np.lexsort((arc, bucket, stage))
    first = np.searchsorted(stage[rank], np.arange(len(problem.stages.ids) + 1))
    quantity = arcs.quantity[arc[rank]] * placed.quantity[order[rank]]
    return first, order[rank], bucket[rank], quantity


@njit(cache=True, nogil=True)
def _peg_stages(given: Any, supplies: Any, consumers: Any, at: Ints, out: Any) -> None:
    """Count the pegs of every order into `at`, or, where `out` has room, write them from `at` on."""
    on_hand, receipts, demand = given[0], given[2], given[3]
    buckets = demand.shape[1]
    most = 0
    for i in range(on_hand.size):
        most = max(most, consumers[0][i + 1] - consumers[0][i])
    needs = (np.empty(most + 4 * buckets + 8, np.int8), np.empty(most + 4 * buckets + 8, np.int64),
             np.empty(most + 4 * buckets + 8, np.int64), np.empty(most + 4 * buckets + 8))  # fmt: skip
    waiting = np.empty(buckets + 1, np.int64), np.empty(buckets + 1)
    for i in range(on_hand.size):
        if supplies[0][i] == supplies[0][i + 1]:
            continue
        n = _list_needs(given, consumers, i, waiting, needs)
        place, left = _serve(on_hand[i], -1, needs, (n, 0, needs[3][0]), at, out)
        s = supplies[0][i]
        for t in range(buckets):
            if receipts[i, t] > 0.0:
                place, left = _serve(receipts[i, t], -1, needs, (n, place, left), at, out)
            while s < supplies[0][i + 1] and supplies[2][s] <= t:
                place, left = _serve(supplies[3][s], supplies[1][s], needs, (n, place, left), at, out)
                s += 1


@njit(cache=True, nogil=True)
def _serve(  # noqa: PLR0913 - compiled: one supply, what it may serve, where to write
    quantity: float, order: int, needs: Any, where: Any, at: Ints, out: Any
) -> Any:
    """Let a supply serve the needs from the first open one on; that one's place and what is left of it."""
    count, n, left = where
    while quantity > _NOISE and n < count:
        taken = min(quantity, left)
        if taken > _NOISE and order >= 0:
            if out[0].size:
                p = at[order]
                out[0][p], out[1][p], out[2][p], out[3][p] = needs[0][n], needs[1][n], needs[2][n], taken
            at[order] += 1
        quantity, left = quantity - taken, left - taken
        if left <= _NOISE:
            n += 1
            left = needs[3][n] if n < count else 0.0
    return n, left


@njit(cache=True, nogil=True)
def _list_needs(given: Any, consumers: Any, i: int, waiting: Any, needs: Any) -> int:
    """Needs of a stage in the order in which they were served: kind, bucket, consumer, quantity."""
    _, backorders, _, demand, target, is_lost, end, lost, backlog, waste = given
    n, head, tail = 0, 0, 1
    owed = backorders[i]
    waiting[0][0], waiting[1][0] = 0, owed
    c = consumers[0][i]
    for t in range(demand.shape[1]):
        waiting[0][tail], waiting[1][tail] = t, demand[i, t]
        tail += 1
        while c < consumers[0][i + 1] and consumers[2][c] == t:
            needs[0][n], needs[1][n], needs[2][n], needs[3][n] = _ORDER, t, consumers[1][c], consumers[3][c]
            n, c = n + 1, c + 1
        served = owed + demand[i, t] - backlog[i, t] - lost[i, t]
        while head < tail and served > _NOISE:
            taken = min(served, waiting[1][head])
            if taken > _NOISE:
                needs[0][n], needs[1][n], needs[2][n], needs[3][n] = _DEMAND, waiting[0][head], -1, taken
                n += 1
            served -= taken
            waiting[1][head] -= taken
            if waiting[1][head] > _NOISE:
                break
            head += 1
        if is_lost[i]:
            head = tail
        owed = backlog[i, t]
        if waste[i, t] > _NOISE:
            needs[0][n], needs[1][n], needs[2][n], needs[3][n] = _EXPIRED, t, -1, waste[i, t]
            n += 1
    last = end[i] - 1
    needs[0][n], needs[1][n], needs[2][n], needs[3][n] = _SAFETY_STOCK, last, -1, target[i, last]
    needs[0][n + 1], needs[1][n + 1], needs[2][n + 1], needs[3][n + 1] = _STOCK, last, -1, np.inf
    return n + 2
