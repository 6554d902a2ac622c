"""What the search in a family of stages needs to know of it, and what others have taken already."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.guide import Guide, to_come
from optimization.decomposition.network.standing import Ground, Standing


class Family(NamedTuple):
    """Members, suppliers first; the inner stages they touch; and the members below each of those."""

    members: Ints
    touched: Ints
    slot: Ints  # by stage: its place among the touched, or -1
    member: Ints  # by touched stage: its place among the members, or -1
    below: Ints  # by touched stage and rank: a member that uses it
    used: Floats  # and how much of it
    belows: Ints  # by touched stage: how many there are
    lowest: Floats  # by touched stage and period: the least stock from then on without the members
    is_charged: Any  # by touched stage: whether its stock is known, and costs what it costs
    waits: Floats
    values: Floats


@njit(cache=True, nogil=True)
def family_of(  # noqa: PLR0913 - compiled
    ground: Ground,
    standing: Standing,
    guide: Guide,
    members: Ints,
    weight: Floats,
    is_free: bool,  # noqa: FBT001 - compiled code takes no keywords
) -> Family:
    """What the search needs to know; order costs in what is to come are `weight` times the true ones."""
    stages, links, periods = ground.stages, ground.links, standing.plans.shape[1]
    top, most = 1, members.size
    for i in members:
        top = max(top, ground.limit[i] + 1)
        most += links.parent_start[i + 1] - links.parent_start[i]
    slot, place = np.full(stages.lot.size, -1, np.int32), np.full(stages.lot.size, -1, np.int32)
    waits = np.empty((members.size, periods, top))
    values = np.empty((members.size, periods + 1, top))
    for m in range(members.size):
        i = members[m]
        place[i] = m
        choice = np.empty(ground.limit[i] + 1, np.int32)
        to_come(stages, guide, i, weight[m] * stages.order_cost[i], waits[m], values[m], choice)
    touched, count = np.empty(most, np.int32), 0
    for i in members:
        if not ground.is_end[i] and slot[i] < 0:
            slot[i], touched[count] = count, i
            count += 1
        for a in range(links.parent_start[i], links.parent_start[i + 1]):
            p = links.parent[a]
            if slot[p] < 0:
                slot[p], touched[count] = count, p
                count += 1
    touched = touched[:count]
    member = place[touched]
    below, used, belows = _below(ground, touched, place, members.size)
    lowest = _lowest(ground, standing, touched, is_free)
    is_charged = (member >= 0) | (not is_free)
    return Family(members, touched, slot, member, below, used, belows, lowest, is_charged, waits, values)


@njit(cache=True, nogil=True)
def _below(ground: Ground, touched: Ints, place: Ints, most: int) -> tuple[Ints, Floats, Ints]:
    """By touched stage, the members that use it, how much, and how many they are."""
    links, belows = ground.links, np.zeros(touched.size, np.int32)
    below, used = np.empty((touched.size, most), np.int32), np.empty((touched.size, most))
    for x in range(touched.size):
        for a in range(links.child_start[touched[x]], links.child_start[touched[x] + 1]):
            m = place[links.child[a]]
            if m >= 0:
                below[x, belows[x]], used[x, belows[x]] = m, links.child_quantity[a]
                belows[x] += 1
    return below, used, belows


@njit(cache=True, nogil=True)
def _lowest(ground: Ground, standing: Standing, touched: Ints, is_free: bool) -> Floats:  # noqa: FBT001 - compiled
    """The least stock from each period on; of stages that are not planned yet, before their lead time."""
    periods = standing.stock.shape[1]
    lowest = np.full((touched.size, periods), np.inf)
    for x in range(touched.size):
        least = np.inf
        first = min(ground.stages.lead_time[touched[x]], periods) if is_free else periods
        for t in range(first - 1, -1, -1):
            least = min(least, standing.stock[touched[x], t])
            lowest[x, t] = least
    return lowest


@njit(cache=True, nogil=True, inline="always")
def components_left(  # noqa: PLR0913 - compiled
    ground: Ground, standing: Standing, family: Family, lots: Any, m: int, u: int
) -> int:
    """Lots of member m that its parents' stock in u, and what is known of it later, allow."""
    stages, links, i = ground.stages, ground.links, family.members[m]
    most, last = 1 << 30, standing.plans.shape[1] - 1
    for a in range(links.parent_start[i], links.parent_start[i + 1]):
        p = links.parent[a]
        x = family.slot[p]
        gone, there = _taken(ground, family, lots, x, u, m), np.inf
        if family.member[x] >= 0:
            for t in range(u, min(u + stages.lead_time[p], last) + 1):
                there = min(there, standing.stock[p, t] + stages.lot[p] * lots[family.member[x], t])
        else:
            there = family.lowest[x, u]
        if there < np.inf:
            most = min(
                most, int(np.floor((there - gone) / (links.parent_quantity[a] * stages.lot[i]) + 1e-9))
            )
    return most


@njit(cache=True, nogil=True, inline="always")
def _taken(  # noqa: PLR0913 - compiled
    ground: Ground, family: Family, lots: Any, x: int, u: int, undecided: int
) -> float:
    """Units of a touched stage that members have taken by u; from `undecided` on, they wait in u."""
    gone, last = 0.0, lots.shape[1] - 1
    for c in range(family.belows[x]):
        m = family.below[x, c]
        t = u + ground.stages.lead_time[family.members[m]]
        if m >= undecided and t <= last:
            t -= 1
        if t >= 0:
            gone += family.used[x, c] * ground.stages.lot[family.members[m]] * lots[m, min(t, last)]
    return gone


@njit(cache=True, nogil=True, inline="always")
def shared_by(  # noqa: PLR0913 - compiled
    ground: Ground, standing: Standing, family: Family, lots: Any, m: int, u: int
) -> tuple[float, float]:
    """Volume on the lane and use of the resource of member m, by others and by members before it."""
    stages, i = ground.stages, family.members[m]
    lane, g = stages.lane[i], stages.resource[i]
    loaded = standing.shipped[lane, u] if lane >= 0 else 0.0
    taken = standing.used[g, u] if g >= 0 else 0.0
    for other in range(m):
        j = family.members[other]
        t = u + stages.lead_time[j]
        if t >= lots.shape[1] or not (
            (lane >= 0 and stages.lane[j] == lane) or (g >= 0 and stages.resource[j] == g)
        ):
            continue
        n = lots[other, t] - (lots[other, t - 1] if t > 0 else 0)
        if n > 0 and lane >= 0 and stages.lane[j] == lane:
            loaded += stages.volume[j] * stages.lot[j] * n
        if n > 0 and g >= 0 and stages.resource[j] == g:
            taken += stages.unit_use[j] * stages.lot[j] * n + stages.order_use[j]
    return loaded, taken


@njit(cache=True, nogil=True, inline="always")
def capacity_left(ground: Ground, i: int, u: int, taken: float) -> int:
    """Lots of stage i that its resource has room for."""
    stages, g = ground.stages, ground.stages.resource[i]
    if g < 0 or not np.isfinite(ground.capacity[g, u]):
        return 1 << 30
    left = ground.capacity[g, u] - taken - stages.order_use[i]
    if left < -1e-9:
        return 0
    if stages.unit_use[i] <= 0.0:
        return 1 << 30
    return int(np.floor(left / (stages.unit_use[i] * stages.lot[i]) + 1e-9))


@njit(cache=True, nogil=True, inline="always")
def truck_cost(ground: Ground, i: int, loaded: float, lots: int) -> float:
    """What the further trucks of an order cost."""
    lane = ground.stages.lane[i]
    if lane < 0:
        return 0.0
    size, volume = ground.truck_size[lane], ground.stages.volume[i] * ground.stages.lot[i] * lots
    more = np.ceil((loaded + volume) / size - 1e-7) - np.ceil(loaded / size - 1e-7)
    return float(ground.truck_cost[lane] * more)
