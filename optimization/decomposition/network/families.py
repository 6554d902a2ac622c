"""
Which stages are planned together, and which families do not touch each other.

Trees: a stage and everything below it, as far up as that stays small. Centres: a stage whose
children are all end stages, with them, and with its parents too. Families that touch no stage,
resource, lane or place in common can be planned at the same time, with the same outcome in any
order: `side_by_side` groups them.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from optimization.decomposition.instance import Ints
from optimization.decomposition.network.problem import Network

_LARGEST = 14
_TOGETHER = 8  # families in a group
_AHEAD = 40  # families looked at for a group


def trees(network: Network) -> tuple[list[Ints], Ints]:
    """Whole trees, no stage in two of them; and the stages above, customers first."""
    links, below = network.links, _below(network)
    taken = np.zeros(network.stages.count, bool)
    found, above = [], []
    for i in links.downward:
        if len(below[i]) > _LARGEST:
            above.append(i)
        elif not taken[i]:
            members = [j for j in sorted(below[i]) if not taken[j]]
            taken[members] = True
            found.append(_downward(network, members))
    return found, np.array(above[::-1], np.int32)


def centres(network: Network) -> list[Ints]:
    """Stages above end stages only, with them; first with their parents, then without."""
    inner = [int(i) for i in np.flatnonzero(~network.is_end)]
    last = [i for i in inner if network.is_end[children(network, i)].all()]
    wide = [np.concatenate([parents(network, i), [i], children(network, i)]) for i in last]
    near = [np.concatenate([[i], children(network, i)]) for i in last]
    return [_downward(network, list(dict.fromkeys(members[:_LARGEST]))) for members in wide + near]


def children(network: Network, i: int) -> Ints:
    """Stages that take from stage i."""
    links = network.links
    return links.child[links.child_start[i] : links.child_start[i + 1]]


def parents(network: Network, i: int) -> Ints:
    """Stages that stage i takes from."""
    links = network.links
    return links.parent[links.parent_start[i] : links.parent_start[i + 1]]


def side_by_side(network: Network, families: Sequence[Ints]) -> Iterator[list[int]]:
    """Numbers of families in groups that share nothing; in order, as far as that goes."""
    touched = [_touched(network, members) for members in families]
    left = list(range(len(families)))
    while left:
        group: list[int] = []
        busy: set[tuple[str, int]] = set()
        for number in left[:_AHEAD]:
            if len(group) < _TOGETHER and busy.isdisjoint(touched[number]):
                group.append(number)
                busy |= touched[number]
        chosen = set(group)
        left = [number for number in left if number not in chosen]
        yield group


def _touched(network: Network, members: Ints) -> set[tuple[str, int]]:
    """Everything that a plan of the members reads or changes."""
    stages = network.stages
    near = {int(p) for i in members for p in parents(network, i)} | {int(i) for i in members}
    rows = {("stage", i) for i in near} | {("place", int(stages.place[i])) for i in near}
    rows |= {("lane", int(stages.lane[i])) for i in members}
    rows |= {("resource", int(stages.resource[i])) for i in members}
    return {(kind, number) for kind, number in rows if number >= 0}


def _below(network: Network) -> list[set[int]]:
    """By stage, itself and what is below it, as far as it matters whether there are too many."""
    found: list[set[int]] = [set()] * network.stages.count
    for i in network.links.downward[::-1]:
        found[i] = {int(i)}
        for j in children(network, i):
            if len(found[i]) <= _LARGEST:
                found[i] = found[i] | found[j]
    return found


def _downward(network: Network, members: Sequence[int]) -> Ints:
    """Suppliers first."""
    rank = np.empty(network.stages.count, np.int64)
    rank[network.links.downward] = np.arange(network.stages.count)
    chosen = np.array(members, np.int32)
    return chosen[np.argsort(rank[chosen])]
