"""
The exact plan of a stage that shares nothing: a dynamic programme over what has arrived so far.

Every lot and every smallest order of the stage's lanes is a whole number of grains g, so k = grains
arrived so far fixes the net stock y = a[t] + g k of a bucket. With V = 0 after the last bucket,
bucket by bucket backwards, W[t] the cost of a bucket's stock:

    V(k) += W[t](k),   W[t](k) = h y+ + b[t] y- + P (target - y)+ + P (y+ - ceiling)+, less w y+ at the end
    V(k)  = min( V(k), F + c m + V(k + m), min_n F + c q n + V(k + q n) )    for every order that can
                                                                             arrive in t, in turn

with q, m, n lot, smallest quantity and number of lots of the order's lane. More than the largest
need and one order never pays: the last order of a longer plan could be cut, and no cost would rise.
O(orders x grains), exact with lots, minimum, maximum, alternates, lead times and backlog. Ties: no
order, then the smallest quantity, then the fewest lots.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

import numpy as np

from optimization.replenishment.order_sizes import is_off_grid
from optimization.replenishment.parts import is_limited
from optimization.replenishment.problem import Floats, OrderProblem

_LARGEST = 4_000_000  # numbers kept: grains times possible orders
_FINEST = 10**6  # a lot of 1/3 has no grain worth the name
_SLACK = 1e-9
_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class _Order:
    """One order that may be placed; quantities in grains, money per grain."""

    lane: int
    bucket: int
    lot: int
    fewest: int  # lots
    most: int
    smallest: int  # off the grid of lots; 0: none
    fixed_cost: float
    price: float


@dataclass(frozen=True, slots=True)
class _Program:
    grain: float
    costs: Floats  # W, per bucket and grains arrived
    arriving: tuple[tuple[_Order, ...], ...]  # per bucket


def plan_stage(problem: OrderProblem) -> Floats | None:
    """The cheapest orders of a part, or None where this programme does not say everything about it."""
    program = _read(problem) if _stands_alone(problem) else None
    return None if program is None else _follow(problem, program, _values(program))


def _stands_alone(problem: OrderProblem) -> bool:
    stages, lanes = problem.stages, problem.lanes
    return (
        len(stages.ids) == 1
        and not problem.arcs.lane.size
        and not problem.stores.ids
        and not problem.groups.ids
        and not is_limited(problem).any()
        and not stages.is_lost[0]
        and stages.life[0] < 0
        and bool(lanes.is_whole[lanes.is_open.any(axis=1)].all())
    )


def _read(problem: OrderProblem) -> _Program | None:
    lanes, stages = problem.lanes, problem.stages
    used = np.flatnonzero(lanes.is_open.any(axis=1))
    off = is_off_grid(problem)
    grain = common_grain([*lanes.step[used], *lanes.smallest[used][off[used]]])
    net = stages.receipts[0] - stages.demand[0]
    net[0] += stages.on_hand[0] - stages.backorders[0]
    net = np.cumsum(net)
    need = max(0.0, float((stages.target[0] - net).max()))
    overshoot = float(np.maximum(lanes.smallest, lanes.step)[used].max(initial=0.0))
    kept = problem.buckets + int(lanes.is_open.sum())
    if not grain or (need + overshoot) / grain * kept > _LARGEST:
        return None
    states = int(np.ceil((need + overshoot) / grain)) + 1
    costs = _stock_costs(problem, net[:, None] + grain * np.arange(states))
    return _Program(grain, costs, _orders(problem, grain, states))


def common_grain(quantities: list[float]) -> float:
    """The largest quantity that all are whole multiples of; 0 where there is none worth the name."""
    exact = [Fraction(repr(float(q))) for q in quantities] or [Fraction(1)]
    if any(q.denominator > _FINEST for q in exact):
        return 0.0
    whole = lcm(*(q.denominator for q in exact))
    return gcd(*(int(q * whole) for q in exact)) / whole


def _stock_costs(problem: OrderProblem, net: Floats) -> Floats:
    stages = problem.stages
    counted, target = problem.counted[0][:, None], stages.target[0][:, None]
    stock = np.maximum(net, 0.0)
    short = np.where(target > 0.0, np.maximum(target - net, 0.0), 0.0)
    above = np.maximum(stock - stages.ceiling[0], 0.0)
    soft = stages.holding[0] * stock + stages.shortfall_cost[0] * short + stages.excess_cost[0] * above
    kept = problem.kept_worth[0][:, None] * stock
    costs: Floats = counted * soft - kept + problem.late_cost[0][:, None] * np.maximum(-net, 0.0)
    return costs


def _orders(problem: OrderProblem, grain: float, states: int) -> tuple[tuple[_Order, ...], ...]:
    lanes, off = problem.lanes, is_off_grid(problem)
    arriving: list[list[_Order]] = [[] for _ in range(problem.buckets)]
    for lane, bucket in np.argwhere(lanes.is_open).tolist():
        step, smallest = float(lanes.step[lane]), float(lanes.smallest[lane])
        lots = min(float(lanes.largest[lane]) / step, float(states))
        arriving[lanes.arrival[lane, bucket]].append(
            _Order(
                lane,
                bucket,
                lot=round(step / grain),
                fewest=max(1, int(np.ceil(smallest / step * (1.0 - _SLACK)))),
                most=int(np.floor(lots * (1.0 + _SLACK))),
                smallest=round(smallest / grain) if off[lane] else 0,
                fixed_cost=float(lanes.fixed_cost[lane]),
                price=float(lanes.unit_cost[lane] + lanes.surcharge[lane]) * grain,
            )
        )
    return tuple(tuple(orders) for orders in arriving)


def _values(program: _Program) -> dict[tuple[int, int], Floats]:
    """V after each order, by bucket and place of the order in it."""
    value = np.zeros(program.costs.shape[1])
    after: dict[tuple[int, int], Floats] = {}
    for t in range(program.costs.shape[0] - 1, -1, -1):
        value = value + program.costs[t]
        for place in range(len(program.arriving[t]) - 1, -1, -1):
            after[t, place] = value
            value = _before(program.arriving[t][place], value)
    return after


def _before(order: _Order, value: Floats) -> Floats:
    """V with the choice of an order, for every k."""
    best = value.copy()
    if 0 < order.smallest < value.size:
        exactly = order.fixed_cost + order.price * order.smallest + value[order.smallest :]
        np.minimum(best[: exactly.size], exactly, out=best[: exactly.size])
    first = order.fewest * order.lot
    if order.most < order.fewest or first >= value.size:
        return best
    grains = order.price * np.arange(value.size)
    least = _least(value + grains, order.lot, order.most - order.fewest + 1)[first:]
    np.minimum(best[: least.size], order.fixed_cost + least - grains[: least.size], out=best[: least.size])
    return best


def _least(values: Floats, stride: int, width: int) -> Floats:
    """
    At each place, the least of `width` values from there on, `stride` apart.

    Blocks of `width`: a window is the end of one block and the start of the next (van Herk).
    """
    rows = -(-values.size // stride)
    width = min(width, rows)
    blocks = -(-rows // width) + 1
    padded = np.full((blocks * width, stride), np.inf)
    padded.ravel()[: values.size] = values
    split = padded.reshape(blocks, width, stride)
    ahead = np.minimum.accumulate(split, axis=1).reshape(padded.shape)
    back = np.minimum.accumulate(split[:, ::-1], axis=1)[:, ::-1].reshape(padded.shape)
    window = np.minimum(back[:rows], ahead[width - 1 : width - 1 + rows])
    return window.ravel()[: values.size]


def _follow(problem: OrderProblem, program: _Program, after: dict[tuple[int, int], Floats]) -> Floats:
    """Choose again, forward from nothing arrived."""
    quantity: Floats = np.zeros(problem.lanes.is_open.shape)
    k = 0
    for t, orders in enumerate(program.arriving):
        for place, order in enumerate(orders):
            grains = _choice(order, after[t, place], k)
            quantity[order.lane, order.bucket] = program.grain * grains
            k += grains
    return quantity


def _choice(order: _Order, value: Floats, k: int) -> int:
    """Grains of an order at k; 0 unless an order is cheaper."""
    best, chosen = float(value[k]) - _TIE * abs(float(value[k])), 0
    if order.smallest and k + order.smallest < value.size:
        cost = order.fixed_cost + order.price * order.smallest + float(value[k + order.smallest])
        if cost < best:
            best, chosen = cost, order.smallest
    lots = np.arange(order.fewest, min(order.most, (value.size - 1 - k) // order.lot) + 1)
    if lots.size:
        costs = order.fixed_cost + order.price * order.lot * lots + value[k + order.lot * lots]
        n = int(np.argmin(costs))
        if costs[n] < best:
            chosen = int(order.lot * lots[n])
    return chosen
