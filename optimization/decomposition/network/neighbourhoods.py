"""
Which few stages a local restart takes on, and which restarts do not touch each other.

Four kinds, because a plan can be stuck in as many ways:

- near: a stage with its parents and children, where two levels have to move in step;
- below: a stage and what is below it, breadth first. Centres whose stores do not order, because
  there was never anything to take, have no reason to order either: only together they see it;
- rivals: stages on one resource with their parents, where one must give way to another.

Neighbourhoods depend on the network alone, so all of a slice are drawn before the first is tried.
Two that touch no stage, resource, lane or place in common can be tried at the same time, with the
same outcome in any order: `side_by_side` puts them in groups.
"""

# ruff: noqa: NPY002 - compiled code knows only the old names; it is seeded at the start of each call
from typing import NamedTuple

import numpy as np
from numba import njit

from optimization.decomposition.instance import Ints
from optimization.decomposition.network.standing import Ground

MOST = 14  # stages of a neighbourhood
_INNER = 0.75  # of the stages drawn
_NEAR, _BELOW = 0.3, 0.8  # of the draws up to which a neighbourhood is of that kind; rivals follow
_TOGETHER = 16  # neighbourhoods in a group
_AHEAD = 64  # neighbourhoods looked at for a group


class Drawn(NamedTuple):
    """Neighbourhoods: stages by neighbourhood and place in it, how many they are, a seed for each trial."""

    members: Ints
    sizes: Ints
    seeds: Ints


def draw(ground: Ground, trials: int, seed: int) -> Drawn:
    """As many neighbourhoods as are asked for."""
    inner = np.flatnonzero(~ground.is_end).astype(np.int32)
    every = np.arange(len(ground.is_end), dtype=np.int32)
    drawn = Drawn(np.empty((trials, MOST), np.int32), np.empty(trials, np.int32), np.empty(trials, np.int64))
    _draw(ground, inner if inner.size else every, every, drawn, seed)
    return drawn


@njit(cache=True, nogil=True)
def _draw(ground: Ground, inner: Ints, every: Ints, drawn: Drawn, seed: int) -> None:
    np.random.seed(seed)
    for trial in range(drawn.sizes.size):
        pool = inner if np.random.random() < _INNER else every
        centre, kind = pool[np.random.randint(0, pool.size)], np.random.random()
        if kind < _NEAR:
            found = _near(ground, centre)
        elif kind < _BELOW:
            found = _below(ground, _above(ground, centre))
        else:
            found = _rivals(ground, centre)
        drawn.members[trial, : found.size] = found
        drawn.sizes[trial] = found.size
        drawn.seeds[trial] = np.random.randint(0, 1 << 30)


@njit(cache=True, nogil=True)
def _near(ground: Ground, centre: int) -> Ints:
    """The stage, its parents and, from any of them on, its children."""
    members, count = np.empty(MOST, np.int32), 1
    members[0] = centre
    count = _with_parents(ground, members, count, centre)
    return _shuffled(members, _with_children(ground, members, count, centre))


@njit(cache=True, nogil=True)
def _above(ground: Ground, centre: int) -> int:
    """One of the stage's parents, and now and then one of theirs: the stage where a neighbourhood starts."""
    links, climbs = ground.links, 1 + int(np.random.random() < 0.35) + int(np.random.random() < 0.1)
    for _ in range(climbs):
        first, last = links.parent_start[centre], links.parent_start[centre + 1]
        if last > first:
            centre = links.parent[first + np.random.randint(0, last - first)]
    return int(centre)


@njit(cache=True, nogil=True)
def _below(ground: Ground, top: int) -> Ints:
    """The stage and what is below it, as far as there is room; half the time customers first."""
    members, count, at = np.empty(MOST, np.int32), 1, 0
    members[0] = top
    while at < count:
        count = _with_children(ground, members, count, members[at])
        at += 1
    if np.random.random() < 0.5:
        return members[:count][::-1].copy()
    return _shuffled(members, count)


@njit(cache=True, nogil=True)
def _rivals(ground: Ground, centre: int) -> Ints:
    """Stages on the stage's resource, or the stage alone, and their parents."""
    members, count = np.empty(MOST, np.int32), 1
    members[0] = centre
    if ground.stages.resource[centre] >= 0:
        rivals = np.flatnonzero(ground.stages.resource == ground.stages.resource[centre])
        for j in rivals[np.random.permutation(rivals.size)]:
            count = _with(members, count, j)
    for m in range(count):
        count = _with_parents(ground, members, count, members[m])
    return _shuffled(members, count)


@njit(cache=True, nogil=True, inline="always")
def _with_parents(ground: Ground, members: Ints, count: int, i: int) -> int:
    links = ground.links
    for a in range(links.parent_start[i], links.parent_start[i + 1]):
        count = _with(members, count, links.parent[a])
    return count


@njit(cache=True, nogil=True, inline="always")
def _with_children(ground: Ground, members: Ints, count: int, i: int) -> int:
    """Beginning with any of them, because there may not be room for all."""
    links = ground.links
    first, many = links.child_start[i], links.child_start[i + 1] - links.child_start[i]
    offset = np.random.randint(0, max(many, 1))
    for a in range(many):
        count = _with(members, count, links.child[first + (a + offset) % many])
    return count


@njit(cache=True, nogil=True, inline="always")
def _with(members: Ints, count: int, i: int) -> int:
    """One more member, unless it is there or there is no room; how many there are then."""
    for m in range(count):
        if members[m] == i:
            return count
    if count < MOST:
        members[count] = i
        count += 1
    return count


@njit(cache=True, nogil=True, inline="always")
def _shuffled(members: Ints, count: int) -> Ints:
    return members[:count][np.random.permutation(count)]


def side_by_side(ground: Ground, drawn: Drawn) -> list[Ints]:
    """Numbers of neighbourhoods in groups that share nothing; in order, as far as that goes."""
    order, first = _side_by_side(ground, drawn)
    return np.split(order, first[1:])


@njit(cache=True, nogil=True)
def _side_by_side(ground: Ground, drawn: Drawn) -> tuple[Ints, Ints]:
    """Neighbourhoods by group, and where each group begins."""
    trials = drawn.sizes.size
    order, first, window = np.empty(trials, np.int32), np.empty(trials, np.int32), np.empty(_AHEAD, np.int32)
    user = np.full(_row_count(ground), -1, np.int32)  # by row, the group that touched it last
    done, group, waiting, following = 0, 0, 0, 0
    while done < trials:
        while waiting < _AHEAD and following < trials:
            window[waiting], waiting, following = following, waiting + 1, following + 1
        first[group], looked_at, waiting = done, waiting, 0
        for trial in window[:looked_at]:
            rows = _touched(ground, drawn.members[trial, : drawn.sizes[trial]])
            if done - first[group] < _TOGETHER and not np.any(user[rows] == group):
                user[rows] = group
                order[done], done = trial, done + 1
            else:
                window[waiting], waiting = trial, waiting + 1
        group += 1
    return order, first[:group]


@njit(cache=True, nogil=True)
def _row_count(ground: Ground) -> int:
    return int(ground.is_end.size + len(ground.room) + len(ground.capacity) + len(ground.truck_size))


@njit(cache=True, nogil=True)
def _touched(ground: Ground, members: Ints) -> Ints:
    """Rows that a trial reads or changes: of stages, then of places, resources and lanes."""
    stages, links = ground.stages, ground.links
    places = ground.is_end.size
    resources = places + len(ground.room)
    lanes = resources + len(ground.capacity)
    found = []
    for i in members:
        if stages.resource[i] >= 0:
            found.append(resources + stages.resource[i])
        if stages.lane[i] >= 0:
            found.append(lanes + stages.lane[i])
        for a in range(links.parent_start[i] - 1, links.parent_start[i + 1]):
            j = i if a < links.parent_start[i] else links.parent[a]
            found.append(j)
            if stages.place[j] >= 0:
                found.append(places + stages.place[j])
    return np.array(found)
