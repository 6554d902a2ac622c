"""
Pegging: which need each unit of supply serves, first in, first out at every stage.

Supply is stock on hand, receipts and orders in the order of their arrival; needs are customers'
demand and components of other orders in the order in which they were served, then what is written
off, then what is left as safety stock and beyond. Both sides are walked once.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

import numpy as np

from optimization.plan import Pegging
from optimization.replenishment.problem import OrderProblem
from optimization.replenishment.state import State

_NOISE = 1e-6

# A need: kind, bucket in which it was due, the consuming order (lane, bucket) if any, quantity.
Need = tuple[str, int, tuple[int, int] | None, float]
Supply = tuple[tuple[int, int] | None, float]


def peg(
    problem: OrderProblem, state: State, ids: dict[tuple[int, int], str]
) -> dict[str, tuple[Pegging, ...]]:
    """Pegging by order id; `ids` names the order of a lane and order bucket."""
    orders = _orders_by_stage(problem, state)
    consumers = _consumers_by_stage(problem, state)
    result: dict[str, list[Pegging]] = defaultdict(list)
    for stage in sorted(orders):
        supplies = list(_supplies(problem, state, stage, orders[stage]))
        needs = list(_needs(problem, state, stage, consumers.get(stage, {})))
        name = problem.stages.ids[stage]
        for order, (kind, bucket, consumer, _), quantity in _match(supplies, needs):
            if order is not None:
                other = ids[consumer] if consumer else ""
                result[ids[order]].append(Pegging(kind, name, bucket, quantity, other))
    return {order: tuple(pegs) for order, pegs in result.items()}


def _orders_by_stage(problem: OrderProblem, state: State) -> dict[int, list[tuple[int, int]]]:
    orders: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for lane, bucket in np.argwhere(state.quantity > 0.0).tolist():
        orders[int(problem.lanes.stage[lane])].append((lane, bucket))
    return orders


def _consumers_by_stage(
    problem: OrderProblem, state: State
) -> dict[int, dict[int, list[tuple[tuple[int, int], float]]]]:
    """By stage and bucket, the orders that consume it and how much."""
    found: dict[int, dict[int, list[tuple[tuple[int, int], float]]]] = defaultdict(lambda: defaultdict(list))
    arcs = problem.arcs
    for lane, stage, each in zip(
        arcs.lane.tolist(), arcs.stage.tolist(), arcs.quantity.tolist(), strict=True
    ):
        for bucket in np.flatnonzero(state.quantity[lane] > 0.0).tolist():
            found[stage][bucket].append(((lane, bucket), each * float(state.quantity[lane, bucket])))
    return found


def _supplies(
    problem: OrderProblem, state: State, stage: int, orders: Sequence[tuple[int, int]]
) -> Iterator[Supply]:
    stages, lanes = problem.stages, problem.lanes
    yield None, float(stages.on_hand[stage])
    arriving: dict[int, list[Supply]] = defaultdict(list)
    for bucket in np.flatnonzero(stages.receipts[stage] > 0.0).tolist():
        arriving[bucket].append((None, float(stages.receipts[stage, bucket])))
    for lane, bucket in orders:
        arriving[int(lanes.arrival[lane, bucket])].append(
            ((lane, bucket), float(state.quantity[lane, bucket]))
        )
    for bucket in sorted(arriving):
        yield from arriving[bucket]


def _needs(
    problem: OrderProblem,
    state: State,
    stage: int,
    consumers: dict[int, list[tuple[tuple[int, int], float]]],
) -> Iterator[Need]:
    """Needs in the order in which they were served."""
    stages = problem.stages
    owed = float(stages.backorders[stage])
    waiting = deque([(0, owed)])
    for t in range(problem.buckets):
        wanted, lost = float(stages.demand[stage, t]), float(state.lost[stage, t])
        waiting.append((t, wanted))
        late = float(state.backlog[stage, t])
        for order, quantity in consumers.get(t, ()):
            yield "ORDER", t, order, quantity
        yield from _take(waiting, owed + wanted - late - lost)
        if stages.is_lost[stage]:
            waiting.clear()
        owed = late
        if state.waste[stage, t] > _NOISE:
            yield "EXPIRED", t, None, float(state.waste[stage, t])
    last = int(stages.end[stage]) - 1
    yield "SAFETY_STOCK", last, None, float(stages.target[stage, last])
    yield "STOCK", last, None, np.inf


def _take(waiting: deque[tuple[int, float]], served: float) -> Iterator[Need]:
    """Customers' demand first come, first served."""
    while waiting and served > _NOISE:
        bucket, quantity = waiting.popleft()
        taken = min(served, quantity)
        if taken > _NOISE:
            yield "DEMAND", bucket, None, taken
        served -= taken
        if quantity - taken > _NOISE:
            waiting.appendleft((bucket, quantity - taken))


def _match(supplies: list[Supply], needs: list[Need]) -> Iterator[tuple[tuple[int, int] | None, Need, float]]:
    """Walk both sides once."""
    n, left = 0, needs[0][3] if needs else 0.0
    for order, quantity in supplies:
        rest = quantity
        while rest > _NOISE and n < len(needs):
            taken = min(rest, left)
            if taken > _NOISE:
                yield order, needs[n], taken
            rest, left = rest - taken, left - taken
            if left <= _NOISE:
                n += 1
                left = needs[n][3] if n < len(needs) else 0.0
