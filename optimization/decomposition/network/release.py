"""
Release: any plan made feasible, forward in time, suppliers first, the most urgent order first.

An order is cut to the components that are there and to the capacity that is left, in whole lots;
below its minimum it waits. What is cut is wanted again in the next period.
"""

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.problem import Network
from optimization.decomposition.network.standing import Ground, Standing


def released(network: Network, ground: Ground, wanted: Standing) -> Ints:
    """Plans as near to the wanted ones as components and capacity allow."""
    level = _levels(network)
    flow = np.maximum(wanted.plans.sum(axis=1) * network.stages.lot, 1e-9)
    cover = wanted.stock / flow[:, None]
    ground = ground._replace(capacity=network.capacity.copy())  # what is left of it
    return _release(ground, network.own_net, wanted.plans, level, cover)


def _levels(network: Network) -> Ints:
    """The longest path from a supplier."""
    links, level = network.links, np.zeros(network.stages.count, np.int32)
    for i in links.downward:
        for a in range(links.parent_start[i], links.parent_start[i + 1]):
            level[i] = max(level[i], level[links.parent[a]] + 1)
    return level


@njit(cache=True, nogil=True)
def _release(ground: Ground, own_net: Floats, wanted: Ints, level: Ints, cover: Floats) -> Ints:
    stages, links = ground.stages, ground.links
    count, periods = wanted.shape
    plans = np.zeros_like(wanted)
    # what a stage can still give away in a period: the stock it has until then, less what was taken
    given, gone = np.zeros(count), np.zeros(count, np.int64)
    arrived = np.zeros(count)
    for u in range(periods):
        rank = np.empty(count)
        for i in range(count):
            t = min(u + stages.lead_time[i], periods - 1)
            rank[i] = level[i] * 1e6 + min(max(cover[i, t], -1e3), 1e3)
            arrived[i] += plans[i, u] * stages.lot[i]
        for i in np.argsort(rank, kind="mergesort"):
            t = u + stages.lead_time[i]
            if t >= periods:
                continue
            want = -gone[i]
            for s in range(t + 1):
                want += wanted[i, s]
            lots = _possible(ground, own_net, (arrived, given), i, u, want)
            if lots < max(stages.minimum[i], 1):
                continue
            plans[i, t] = lots
            gone[i] += lots
            if stages.lead_time[i] == 0:
                arrived[i] += lots * stages.lot[i]
            for a in range(links.parent_start[i], links.parent_start[i + 1]):
                given[links.parent[a]] += links.parent_quantity[a] * stages.lot[i] * lots
            if stages.resource[i] >= 0:
                use = stages.unit_use[i] * stages.lot[i] * lots + stages.order_use[i]
                ground.capacity[stages.resource[i], u] -= use
    return plans


@njit(cache=True, nogil=True)
def _possible(  # noqa: PLR0913 - compiled
    ground: Ground, own_net: Floats, state: tuple[Floats, Floats], i: int, u: int, want: int
) -> int:
    """Lots of a wanted order that components and capacity allow."""
    stages, links = ground.stages, ground.links
    arrived, given = state
    lots = want
    for a in range(links.parent_start[i], links.parent_start[i + 1]):
        p = links.parent[a]
        there = own_net[p, u] + arrived[p] - given[p]
        lots = min(lots, int(np.floor(there / (links.parent_quantity[a] * stages.lot[i]) + 1e-9)))
    g = stages.resource[i]
    if g >= 0 and stages.unit_use[i] > 0.0 and np.isfinite(ground.capacity[g, u]):
        left = ground.capacity[g, u] - stages.order_use[i]
        lots = min(lots, int(np.floor(left / (stages.unit_use[i] * stages.lot[i]) + 1e-9)))
    return lots
