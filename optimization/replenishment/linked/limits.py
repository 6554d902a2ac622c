"""
How much arrives at a stage over the horizon, base units: what a stage's programme looks at, and what any plan can.

Beyond every kink of a stage's costs, N >= 0, P and the ceiling from the first arrival on, a unit more
that an order brings costs the same whatever else is ordered,

    m = price of the order + sum of `up` from its arrival on.

Where no m is below zero the last order of a longer plan can be cut; so the programme looks no further
than one order beyond the last kink, and m < 0 is charged for all that the orders could bring at all.
"""

import numpy as np

from optimization.replenishment.order_sizes import most_lots
from optimization.replenishment.problem import Flags, Floats, OrderProblem

_HAIR = 1e-9  # relative: an order that fills a capacity fits


def beyond_kinks(
    problem: OrderProblem, used: Flags, position: Floats, safety: Floats, ceiling: Floats
) -> Floats:
    """By stage, what takes its position beyond every kink, and one order; 0 without any of the lanes `used`."""
    lanes, count = problem.lanes, len(problem.stages.ids)
    first = np.full(count, problem.buckets)
    earliest = np.where(lanes.is_open & used[:, None], lanes.arrival, problem.buckets).min(axis=1)
    np.minimum.at(first, lanes.stage, earliest)
    highest = np.maximum(0.0, np.maximum(safety, np.where(np.isfinite(ceiling), ceiling, 0.0)[:, None]))
    seen = np.arange(problem.buckets) >= first[:, None]
    lack = np.where(seen, highest - position, -np.inf).max(axis=1)
    order = np.zeros(count)
    size = lanes.smallest + np.where(lanes.is_whole, lanes.step, 0.0)
    np.maximum.at(order, lanes.stage[used], size[used])
    return np.where(first < problem.buckets, np.maximum(lack, 0.0) + order, 0.0)


def largest_orders(problem: OrderProblem) -> Floats:
    """
    The largest order of any plan by lane and bucket, base units; 0 where there is none.

    Capacity gives way to what is firm only, so all orders together take at most C+ = max(C, 0) of a resource,
    or what floor(C+) whole units hold, and one order takes no more than that by itself.
    """
    lanes, resources = problem.lanes, problem.resources
    largest = np.where(lanes.is_open, np.maximum(lanes.largest, lanes.smallest)[:, None], 0.0)
    capacity, size = np.maximum(resources.capacity, 0.0), resources.unit_size[:, None]
    there = np.where(size > 0.0, size * np.floor(capacity * (1.0 + _HAIR)), capacity)[resources.resource]
    left = there * (1.0 + _HAIR) - resources.per_order[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        units = np.where(resources.per_unit[:, None] > 0.0, left / resources.per_unit[:, None], np.inf)
    np.minimum.at(largest, resources.lane, np.where(left < 0.0, 0.0, units))
    return np.where(largest < lanes.smallest[:, None] * (1.0 - _HAIR), 0.0, largest)


def all_orders(problem: OrderProblem, used: Flags) -> Floats:
    """By stage, every order on the lanes `used` as large as the model lets it be."""
    lanes, most = problem.lanes, np.zeros(len(problem.stages.ids))
    largest = np.maximum(most_lots(problem) * lanes.step[:, None], lanes.smallest[:, None])
    largest = np.minimum(largest, largest_orders(problem))
    np.add.at(most, lanes.stage[used], largest.sum(axis=1)[used])
    return most
