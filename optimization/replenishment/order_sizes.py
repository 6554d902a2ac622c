"""What sizes orders can have: which lanes care whether there is one, lots off the grid, a tight big M."""

import numpy as np

from optimization.replenishment.levels import circles
from optimization.replenishment.problem import Flags, Floats, OrderProblem

ROUND_OFF = 1e-9


def needs_order(problem: OrderProblem) -> Flags:
    """Lanes where it matters whether there is an order: a fixed cost, a minimum, a set-up."""
    lanes, resources = problem.lanes, problem.resources
    sets_up = np.zeros(lanes.stage.size, dtype=np.bool_)
    sets_up[resources.lane[resources.per_order > 0.0]] = True
    has_minimum = np.where(
        lanes.is_whole, lanes.smallest > lanes.step * (1.0 + ROUND_OFF), lanes.smallest > 0.0
    )
    return sets_up | has_minimum | (lanes.fixed_cost > 0.0)


def split_lots(problem: OrderProblem, quantity: Floats) -> tuple[Floats, Floats]:
    """Quantities on the grid of lots, and the orders of exactly the smallest quantity off it."""
    off = is_off_grid(problem)[:, None] & (np.abs(quantity - problem.lanes.smallest[:, None]) < 1e-6)
    least = (off & (quantity > 0.0)).astype(np.float64)
    return np.where(least > 0.0, 0.0, quantity), least


def is_off_grid(problem: OrderProblem) -> Flags:
    """Lanes whose smallest order is no whole multiple (the minimum comes after the multiple)."""
    lanes = problem.lanes
    lots = lanes.smallest / lanes.step
    return lanes.is_whole & (np.abs(lots - np.round(lots)) > ROUND_OFF * np.maximum(1.0, lots))


def most_lots(problem: OrderProblem) -> Floats:
    """
    Most lots an order can usefully have, per lane and bucket: a tight big M.

    An order above all that its stage can still need, one smallest order and one lot more, can be
    cut down without raising any cost: everything that holds it back holds back less. A pooled
    minimum may ask for more, so it is added.
    """
    lanes, need = problem.lanes, most_needed(problem)
    pooled = np.zeros(lanes.stage.size)
    groups = problem.groups
    weight = np.maximum(groups.weight, 1e-12)
    np.maximum.at(
        pooled, groups.lane, np.where(groups.weight > 0, groups.minimum[groups.group] / weight, 0.0)
    )
    room = np.minimum(need[lanes.stage] + lanes.smallest + lanes.step + pooled, lanes.largest)
    lots = room / lanes.step
    lots = np.where(lanes.is_whole, np.floor(lots + ROUND_OFF), lots)
    return np.where(lanes.is_open, lots[:, None], 0.0)


def most_needed(problem: OrderProblem) -> Floats:
    """
    Per stage, what demand, targets and the largest plans downstream can draw over the horizon.

    Stages that supply each other in a circle need what all of them need together.
    """
    stages, lanes, arcs = problem.stages, problem.lanes, problem.arcs
    own = stages.demand.sum(axis=1) + stages.backorders + stages.target.max(axis=1, initial=0.0)
    overshoot = np.zeros(own.size)
    np.maximum.at(overshoot, lanes.stage, lanes.smallest + lanes.step)
    count, circle = circles(problem)
    outward = circle[arcs.stage] != circle[lanes.stage[arcs.lane]]
    source, target = circle[arcs.stage[outward]], circle[lanes.stage[arcs.lane[outward]]]
    base: Floats = np.bincount(circle, own + overshoot, minlength=count).astype(np.float64)
    need = base
    for _ in range(count):
        before, need = need, base.copy()
        np.add.at(need, source, arcs.quantity[outward] * before[target])
        if np.array_equal(before, need):
            break
    return need[circle]
