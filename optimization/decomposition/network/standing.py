"""A plan in hand: every sum that follows from the stages' plans, its cost, and one plan taken out or put in."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.guide import Guide, guide
from optimization.decomposition.network.problem import Links, Network, Stages
from optimization.decomposition.network.stage_program import Multipliers, installation_stock, loads

_FULL = 1e-7  # a truck filled to a hair above its size is not two trucks


class Ground(NamedTuple):
    """What sweeps need to know of a network, as arrays."""

    stages: Stages
    links: Links
    is_end: Any
    limit: Ints
    capacity: Floats
    truck_size: Floats
    truck_cost: Floats
    room: Floats
    crowding: float
    lateness: Floats  # by stage: what a missing unit costs per period, at most, below it
    excess: Floats  # by resource: what a unit of capacity is worth
    guide: Guide  # what the bound charges each stage


class Standing(NamedTuple):
    """Plans and what follows from them; changed in place."""

    plans: Ints
    stock: Floats
    used: Floats
    shipped: Floats
    filled: Floats


def ground(network: Network, at: Multipliers) -> Ground:
    """The arrays of a network, and the prices of its bound."""
    stages, links = network.stages, network.links
    lateness = np.where(network.is_end, stages.backlog + stages.holding, 0.0)
    for i in links.downward[::-1]:
        for a in range(links.child_start[i], links.child_start[i + 1]):
            lateness[i] = max(lateness[i], lateness[links.child[a]] / links.child_quantity[a])
    excess = np.zeros(len(network.capacity))
    uses = (stages.resource >= 0) & (stages.unit_use > 0.0)
    np.maximum.at(excess, stages.resource[uses], lateness[uses] / stages.unit_use[uses])
    return Ground(
        stages, links, network.is_end, network.limit, network.capacity, network.truck_size,
        network.truck_cost, network.room, network.crowding, lateness, excess, guide(network, at),
    )  # fmt: skip


def stand(network: Network, plans: Ints) -> Standing:
    """What follows from plans."""
    periods = plans.shape[1]
    standing = Standing(
        plans.copy(),
        np.empty(plans.shape),
        np.zeros_like(network.capacity),
        np.zeros((len(network.truck_size), periods)),
        np.zeros_like(network.room),
    )
    recount(network, standing)
    return standing


def recount(network: Network, standing: Standing) -> None:
    """Take all sums afresh from the plans, so that rounding does not add up."""
    stages = network.stages
    installation_stock(stages, network.links, network.own_net, standing.plans, standing.stock)
    standing.used[:], standing.shipped[:], standing.filled[:] = 0.0, 0.0, 0.0
    loads(stages, standing.plans, standing.used, standing.shipped)
    placed = stages.place >= 0
    kept = stages.volume[placed, None] * np.maximum(standing.stock[placed], 0.0)
    np.add.at(standing.filled, stages.place[placed], kept)


def cost(network: Network, standing: Standing) -> float:
    """The objective."""
    stages, stock = network.stages, standing.stock
    kept, owed = np.maximum(stock, 0.0), np.maximum(-stock, 0.0)
    short = np.maximum(stages.safety_stock[:, None] - stock, 0.0)
    end = network.is_end
    total = stages.holding @ kept.sum(axis=1) + stages.order_cost @ (standing.plans > 0).sum(axis=1)
    total += stages.backlog[end] @ owed[end].sum(axis=1) + stages.shortfall[end] @ short[end].sum(axis=1)
    trucks = np.ceil(standing.shipped / network.truck_size[:, None] - _FULL)
    crowd = np.maximum(standing.filled - network.room, 0.0)
    return float(total + network.truck_cost @ trucks.sum(axis=1) + network.crowding * crowd.sum())


def violation(network: Network, standing: Standing) -> float:
    """Units of components used that are not there, and capacity used that is not there."""
    inner = ~network.is_end
    missing = np.maximum(-standing.stock[inner], 0.0).sum()
    return float(missing + np.maximum(standing.used - network.capacity, 0.0).sum())


@njit(cache=True, nogil=True)
def shift(ground: Ground, standing: Standing, i: int, sign: float) -> None:
    """Take the plan of stage i out of all sums, or put it in."""
    stages, links = ground.stages, ground.links
    last, lead = standing.plans.shape[1] - 1, stages.lead_time[i]
    arrived = np.empty(last + 1)
    total = 0.0
    for t in range(last + 1):
        lots = standing.plans[i, t]
        total += lots * stages.lot[i]
        arrived[t] = sign * total
        if lots > 0:
            units, at = lots * stages.lot[i], t - lead
            if stages.resource[i] >= 0:
                use = stages.unit_use[i] * units + stages.order_use[i]
                standing.used[stages.resource[i], at] += sign * use
            if stages.lane[i] >= 0:
                standing.shipped[stages.lane[i], at] += sign * stages.volume[i] * units
    _move_stock(ground, standing, i, 0, 1.0, arrived)
    for a in range(links.parent_start[i], links.parent_start[i + 1]):
        _move_stock(ground, standing, links.parent[a], lead, -links.parent_quantity[a], arrived)


@njit(cache=True, nogil=True)
def _move_stock(  # noqa: PLR0913 - compiled
    ground: Ground, standing: Standing, i: int, lead: int, factor: float, arrived: Floats
) -> None:
    d, v, last = ground.stages.place[i], ground.stages.volume[i], arrived.size - 1
    for u in range(last + 1):
        before = standing.stock[i, u]
        after = before + factor * arrived[min(u + lead, last)]
        standing.stock[i, u] = after
        if d >= 0:
            standing.filled[d, u] += v * (max(after, 0.0) - max(before, 0.0))


@njit(cache=True, nogil=True)
def put(ground: Ground, standing: Standing, i: int, plan: Ints) -> None:
    """Another plan for stage i."""
    shift(ground, standing, i, -1.0)
    standing.plans[i] = plan
    shift(ground, standing, i, 1.0)
