"""
Crossover: of two plans of one network, the parts that are cheaper.

A plan of a whole network is rarely better everywhere. Groups of stages that hang together, each stage
with all that is below it, with its parents and without, take over the other plan's orders, one group
after the other; what is cheaper and breaks no rule stays (after partition crossover: Whitley, Hains,
Howe 2009).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from optimization.decomposition.instance import Ints
from optimization.decomposition.network.exchange import is_allowed, local_cost
from optimization.decomposition.network.problem import Network
from optimization.decomposition.network.standing import Ground, Standing, cost, put, recount, stand

_LARGEST = 64  # stages of a group: larger ones are the network, which is taken as a whole


class Groups(NamedTuple):
    """Members of one group after the other, and where each group begins; the last entry is the end."""

    members: Ints
    start: Ints


def groups_of(network: Network) -> Groups:
    """Each stage with what is below it, suppliers first; with its parents, then without."""
    links, found = network.links, []
    below = _below(network)
    for i in links.downward:
        if len(below[i]) <= _LARGEST:
            parents = set(links.parent[links.parent_start[i] : links.parent_start[i + 1]].tolist())
            found += [sorted(below[i] | parents), sorted(below[i])] if parents else [sorted(below[i])]
    sizes = [len(members) for members in found]
    return Groups(np.concatenate([*found, []]).astype(np.int32), np.cumsum([0, *sizes]).astype(np.int32))


def _below(network: Network) -> list[set[int]]:
    """By stage, itself and what is below it, as far as it matters whether there are too many."""
    links = network.links
    found: list[set[int]] = [set()] * network.stages.count
    for i in links.downward[::-1]:
        found[i] = {int(i)}
        for j in links.child[links.child_start[i] : links.child_start[i + 1]]:
            if len(found[i]) <= _LARGEST:
                found[i] = found[i] | found[j]
    return found


def crossed(network: Network, land: Ground, groups: Groups, one: Standing, plans: Ints) -> Standing:
    """The cheaper of a plan in hand and another, with what is cheaper in the other one."""
    other = stand(network, plans)
    if cost(network, other) < cost(network, one):
        one, other = other, one
    _take_over(land, one, other.plans, groups)
    recount(network, one)
    return one


@njit(cache=True, nogil=True)
def _take_over(ground: Ground, standing: Standing, other: Ints, groups: Groups) -> int:
    """Try every group; how many were taken over."""
    taken = 0
    for g in range(groups.start.size - 1):
        members = _different(standing.plans, other, groups.members[groups.start[g] : groups.start[g + 1]])
        if members.size:
            taken += _try(ground, standing, other, members)
    return taken


@njit(cache=True, nogil=True)
def _different(one: Ints, other: Ints, members: Ints) -> Ints:
    """Those whose plans are not the same."""
    found, count = np.empty(members.size, np.int32), 0
    for m in members:
        if np.any(one[m] != other[m]):
            found[count] = m
            count += 1
    return found[:count]


@njit(cache=True, nogil=True)
def _try(ground: Ground, standing: Standing, other: Ints, members: Ints) -> int:
    """The other's orders of some stages; 1 if they stay."""
    before = local_cost(ground, standing, members)
    kept = np.empty((members.size, other.shape[1]), np.int32)
    for m in range(members.size):
        kept[m] = standing.plans[members[m]]
        put(ground, standing, members[m], other[members[m]])
    cheaper = local_cost(ground, standing, members) < before - 1e-6 * abs(before)
    if cheaper and is_allowed(ground, standing, members):
        return 1
    for m in range(members.size):
        put(ground, standing, members[m], kept[m])
    return 0
