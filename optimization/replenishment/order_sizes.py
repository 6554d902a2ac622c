"""What sizes orders can have: which lanes care whether there is one, lots off the grid, a tight big M."""

import numpy as np

from optimization.replenishment.levels import circles_among
from optimization.replenishment.problem import Arcs, Flags, Floats, Groups, Lanes, OrderProblem, Stages

ROUND_OFF = 1e-9
_BEYOND = 1e6  # times: a solver takes a millionth of an order for none


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


def fewest_lots(problem: OrderProblem) -> Floats:
    """Lots of the smallest order on the grid, a column of lanes; units where any quantity will do."""
    lanes = problem.lanes
    least = lanes.smallest / lanes.step
    return np.where(lanes.is_whole, np.ceil(least - ROUND_OFF * np.maximum(1.0, least)), least)[:, None]


def without_short_groups(problem: OrderProblem, quantity: Floats) -> Floats:
    """Quantities without the orders of a group and bucket that together stay below its minimum."""
    groups = problem.groups
    if not groups.lane.size:
        return quantity
    shape, ordered = (len(groups.ids), quantity.shape[1]), quantity[groups.lane]
    sums, count = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, groups.group, groups.weight[:, None] * ordered)
    np.add.at(count, groups.group, ordered > 0.0)
    short = (count > 0.0) & (sums < (groups.minimum - 1e-6 * np.maximum(1.0, groups.minimum))[:, None])
    kept = quantity.copy()
    kept[groups.lane] = np.where(short[groups.group], 0.0, ordered)
    return kept


def most_lots(problem: OrderProblem) -> Floats:
    """
    Most lots an order can usefully have, per lane and bucket: a tight big M.

    An order above all that its stage can still need, one smallest order and one lot more, can be
    cut down without raising any cost: everything that holds it back holds back less. A pooled
    minimum may ask for more, so it is added; else what nobody needs is not ordered.
    """
    stages, lanes, groups = problem.stages, problem.lanes, problem.groups
    needed, over = _needed(stages, lanes, problem.arcs, groups)
    pooled = _pooled(lanes, groups)
    room = np.minimum((needed + over)[lanes.stage] + lanes.smallest + lanes.step + pooled, lanes.largest)
    lots = np.where((needed[lanes.stage] > 0.0) | (pooled > 0.0), room / lanes.step, 0.0)
    lots = np.where(lanes.is_whole, np.floor(lots + ROUND_OFF), lots)
    return np.where(lanes.is_open, lots[:, None], 0.0)


def beyond_need(stages: Stages, lanes: Lanes, arcs: Arcs, groups: Groups) -> tuple[Flags, Floats]:
    """
    Lanes whose least order is a million times all that can be needed, a typing error; and what can be needed.

    Not of stages that need nothing: nobody orders there.
    """
    needed = _needed(stages, lanes, arcs, groups)[0][lanes.stage]
    joint = np.zeros(len(groups.ids))
    np.add.at(joint, groups.group, groups.weight * needed[groups.lane])
    beyond = lanes.smallest > _BEYOND * needed
    beyond[groups.lane] |= (groups.minimum > _BEYOND * joint)[groups.group]
    return beyond & (needed > 0.0) & lanes.is_open.any(axis=1), needed


def _pooled(lanes: Lanes, groups: Groups) -> Floats:
    """Per lane, what its group's minimum may ask of it alone."""
    asked = np.zeros(lanes.stage.size)
    weight = np.maximum(groups.weight, 1e-12)
    np.maximum.at(
        asked, groups.lane, np.where(groups.weight > 0.0, groups.minimum[groups.group] / weight, 0.0)
    )
    return asked


def _needed(stages: Stages, lanes: Lanes, arcs: Arcs, groups: Groups) -> tuple[Floats, Floats]:
    """
    Per stage, what demand, targets and the largest plans downstream can draw, and how far its own orders overshoot.

    Stages that supply each other in a circle need what all of them need together. Only a pooled minimum
    makes anybody order what nobody needs.
    """
    own = stages.demand.sum(axis=1) + stages.backorders + stages.target.max(axis=1, initial=0.0)
    overshoot, used, pooled = np.zeros(own.size), lanes.is_open.any(axis=1), _pooled(lanes, groups)
    np.maximum.at(overshoot, lanes.stage[used], (lanes.smallest + lanes.step + pooled)[used])
    count, circle = circles_among(own.size, lanes.stage, arcs)
    outward = circle[arcs.stage] != circle[lanes.stage[arcs.lane]]
    source, target = circle[arcs.stage[outward]], circle[lanes.stage[arcs.lane[outward]]]
    wanted, over = (np.bincount(circle, x, minlength=count).astype(np.float64) for x in (own, overshoot))
    is_topped = np.bincount(circle[lanes.stage[pooled > 0.0]], minlength=count) > 0
    needed: Floats = wanted
    for _ in range(count):
        before, needed = needed, wanted.copy()
        drawn = before + np.where((before > 0.0) | is_topped, over, 0.0)
        np.add.at(needed, source, arcs.quantity[outward] * drawn[target])
        if np.array_equal(before, needed):
            break
    return needed[circle], over[circle]
