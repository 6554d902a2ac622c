"""
A family of stages planned together: a beam search forward in time, guided by the bound.

Best responses of one stage at a time cannot find plans in which a centre and its stores order in
step: whoever moves first pays. Here the members' orders are decided period of release by period,
suppliers before customers, for many unfinished plans at once; everything outside stands still.
An unfinished plan is valued at

    its true cost so far + what the bound says is still to come of every member (`guide`)

where the true cost of a period replaces what the bound charged for it: order costs and whole
trucks when an order is placed, stock when the period is over. Orders that components or capacity
do not allow are not looked at. Of plans that lead to the same state only the best is kept, and of
plans that agree on all members which supply others no more than `alike`, so that many small
differences at the stores do not crowd out the few that matter above them.

With `is_free` the parents outside are not there yet: their components have the bound's price and
no limit after their own lead time.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.exchange import local_cost
from optimization.decomposition.network.family import (
    Family,
    capacity_left,
    components_left,
    family_of,
    shared_by,
    truck_cost,
)
from optimization.decomposition.network.guide import Guide
from optimization.decomposition.network.standing import Ground, Standing, shift

_CHOICES = 4  # orders looked at per unfinished plan and member
_PRIME, _BASIS = 1099511628211, 1469598103934665603


class Beam(NamedTuple):
    """Values of unfinished plans, and what could follow."""

    score: Floats
    # what could follow: its value, the plan it follows, lots of the order, its state, its state above
    value: Floats
    origin: Ints
    order: Ints
    state: Any
    above: Any
    # open tables of the states seen
    seen: Any
    is_seen: Any
    groups: Any
    sizes: Any


@njit(cache=True, nogil=True)
def improve(  # noqa: PLR0913 - compiled
    ground: Ground, standing: Standing, guide: Guide, members: Ints, width: int, alike: int, weight: Floats
) -> float:
    """Plan a family anew; keep the outcome if it is cheaper, all rules kept. What it saved."""
    before = local_cost(ground, standing, members)
    kept = np.empty((members.size, standing.plans.shape[1]), np.int32)
    for m in range(members.size):
        kept[m] = standing.plans[members[m]]
        shift(ground, standing, members[m], -1.0)
    found = plan_family(ground, standing, guide, members, width, alike, weight, False)
    if found.shape[0] > 0:
        _put(ground, standing, members, found)
        saved: float = before - local_cost(ground, standing, members)
        if saved > 1e-6 * abs(before):
            return saved
        for i in members:
            shift(ground, standing, i, -1.0)
    _put(ground, standing, members, kept)
    return 0.0


@njit(cache=True, nogil=True)
def _put(ground: Ground, standing: Standing, members: Ints, plans: Ints) -> None:
    for m in range(members.size):
        standing.plans[members[m]] = plans[m]
        shift(ground, standing, members[m], 1.0)


@njit(cache=True, nogil=True)
def plan_family(  # noqa: PLR0913 - compiled
    ground: Ground,
    standing: Standing,
    guide: Guide,
    members: Ints,
    width: int,
    alike: int,
    weight: Floats,
    is_free: bool,  # noqa: FBT001 - compiled code takes no keywords
) -> Ints:
    """The best plans found of members that `standing` is without; no rows where none is possible."""
    periods = standing.plans.shape[1]
    family = family_of(ground, standing, guide, members, weight, is_free)
    beam, count = _empty_beam(width), 1
    # cumulative lots by arrival of each unfinished plan; 16 bits, because they are copied all the time
    lots = np.zeros((width, members.size, periods), np.int16)
    spare = np.zeros_like(lots)
    for m in range(members.size):
        beam.score[0] += family.values[m, min(ground.stages.lead_time[members[m]], periods), 0]
    for u in range(periods):
        for m in range(members.size):
            if u + ground.stages.lead_time[members[m]] < periods:
                found = _look_ahead(ground, standing, family, beam, lots[:count], m, u, weight[m])
                count = _keep(beam, found, alike, (lots, spare), m, u + ground.stages.lead_time[members[m]])
                lots, spare = spare, lots
        count = _settle(ground, standing, guide, family, beam, lots[:count], u)
        if count == 0:
            return np.zeros((0, periods), np.int32)
    best = lots[np.argmin(beam.score[:count])]
    plans = np.zeros((members.size, periods), np.int32)
    plans[:, 0] = best[:, 0]
    plans[:, 1:] = best[:, 1:] - best[:, :-1]
    return plans


@njit(cache=True, nogil=True)
def _empty_beam(width: int) -> Beam:
    most, slots = width * _CHOICES, 64
    while slots < 4 * width:
        slots *= 2
    return Beam(
        np.zeros(width), np.empty(most), np.empty(most, np.int32), np.empty(most, np.int32),
        np.empty(most, np.int64), np.empty(most, np.int64),
        np.empty(slots, np.int64), np.zeros(slots, np.int32), np.empty(slots, np.int64), np.zeros(slots, np.int32),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _look_ahead(  # noqa: PLR0913 - compiled
    ground: Ground,
    standing: Standing,
    family: Family,
    beam: Beam,
    plans: Any,
    m: int,
    u: int,
    weight: float,
) -> int:
    """The best orders of member m, released in u, for every unfinished plan; how many they are."""
    i = family.members[m]
    t = u + ground.stages.lead_time[i]
    order_cost = weight * ground.stages.order_cost[i]
    found = 0
    for b in range(len(plans)):
        lots = plans[b]
        k = lots[m, t - 1] if t > 0 else 0
        loaded, taken = shared_by(ground, standing, family, lots, m, u)
        most = min(ground.limit[i] - k, components_left(ground, standing, family, lots, m, u))
        most = min(most, capacity_left(ground, i, u, taken))
        start, first = beam.score[b] - family.values[m, t, k], found
        found = _offer(beam, first, found, start + family.waits[m, t, k] + family.values[m, t + 1, k], 0)
        for n in range(max(1, ground.stages.minimum[i]), most + 1):
            value = start + order_cost + family.waits[m, t, k + n] + family.values[m, t + 1, k + n]
            if found - first < _CHOICES or value < beam.value[found - 1]:
                value += truck_cost(ground, i, loaded, n)
                found = _offer(beam, first, found, value, n)
        state, above = _identify(ground, family, lots, m, u)
        for c in range(first, found):
            beam.origin[c] = b
            beam.state[c] = _mixed(state, np.int64(k + beam.order[c]))
            beam.above[c] = above if ground.is_end[i] else _mixed(above, np.int64(k + beam.order[c]))
    return found


@njit(cache=True, nogil=True, inline="always")
def _offer(beam: Beam, first: int, found: int, value: float, lots: int) -> int:
    """Insert into the sorted choices of one plan, the dearest of too many falls out."""
    if found - first == _CHOICES:
        if value >= beam.value[found - 1]:
            return found
        found -= 1
    at = found
    while at > first and beam.value[at - 1] > value:
        beam.value[at], beam.order[at] = beam.value[at - 1], beam.order[at - 1]
        at -= 1
    beam.value[at], beam.order[at] = value, lots
    return found + 1


@njit(cache=True, nogil=True, inline="always")
def _mixed(number: Any, more: Any) -> Any:
    """A number for a pair of numbers (after Fowler, Noll and Vo, high bits folded in)."""
    product = (number ^ more) * np.int64(_PRIME)
    return product ^ (product >> 29)


@njit(cache=True, nogil=True)
def _identify(ground: Ground, family: Family, lots: Any, m: int, u: int) -> Any:
    """
    A number for what the rest of a plan can depend on, and one for the inner members' part of it.

    That is the cumulative lots of the members from u on; of those from m on, as far as they are decided.
    """
    state, above = np.int64(_BASIS), np.int64(_BASIS)
    for other in range(family.members.size):
        j = family.members[other]
        last = u + ground.stages.lead_time[j] - (0 if other < m else 1)
        for t in range(max(min(u, last), 0), min(last, lots.shape[1] - 1) + 1):
            state = _mixed(state, np.int64(lots[other, t]))
            if not ground.is_end[j]:
                above = _mixed(above, np.int64(lots[other, t]))
    return state, above


@njit(cache=True, nogil=True)
def _keep(beam: Beam, found: int, alike: int, plans: Any, m: int, t: int) -> int:  # noqa: PLR0913 - compiled
    """The best unfinished plans, each state once, not too many alike; how many they are."""
    beam.is_seen[:] = 0
    beam.sizes[:] = 0
    before, after = plans
    kept = 0
    for c in np.argsort(beam.value[:found]):
        if kept == len(after):
            break
        state = _slot(beam.seen, beam.is_seen, beam.state[c])
        group = _slot(beam.groups, beam.sizes, beam.above[c])
        if beam.is_seen[state] > 0 or beam.sizes[group] >= alike:
            continue
        beam.seen[state], beam.is_seen[state] = beam.state[c], 1
        beam.groups[group] = beam.above[c]
        beam.sizes[group] += 1
        after[kept] = before[beam.origin[c]]
        after[kept, m, t] = beam.order[c] + (after[kept, m, t - 1] if t > 0 else 0)
        beam.score[kept] = beam.value[c]
        kept += 1
    return kept


@njit(cache=True, nogil=True, inline="always")
def _slot(table: Any, filled: Ints, key: int) -> int:
    """Where a key is in an open table, or would be."""
    at = key & (table.size - 1)
    while filled[at] > 0 and table[at] != key:
        at = (at + 1) & (table.size - 1)
    return int(at)


@njit(cache=True, nogil=True)
def _settle(  # noqa: PLR0913 - compiled
    ground: Ground,
    standing: Standing,
    guide: Guide,
    family: Family,
    beam: Beam,
    plans: Any,
    u: int,
) -> int:
    """True cost of the touched stages' stock in u instead of the bound's; what is short is dropped."""
    kept = 0
    for b in range(len(plans)):
        change, is_possible = 0.0, True
        for x in range(family.touched.size):
            if not family.is_charged[x]:
                continue
            stock, owed, missing = _rows(ground, standing, guide, family, plans[b], x, u)
            if stock < -1e-7:
                is_possible = False
                break
            i = family.touched[x]
            eta, beta, rho = guide.own
            change += (ground.stages.holding[i] - eta[i, u]) * stock - beta[i, u] * owed - rho[i, u] * missing
        if is_possible:
            plans[kept] = plans[b]
            beam.score[kept] = beam.score[b] + change
            kept += 1
    return kept


@njit(cache=True, nogil=True, inline="always")
def _rows(  # noqa: PLR0913 - compiled
    ground: Ground, standing: Standing, guide: Guide, family: Family, lots: Any, x: int, u: int
) -> tuple[float, float, float]:
    """The slack of a touched stage's three rows in u, as far as members decide on it."""
    stages, i, m = ground.stages, family.touched[x], family.member[x]
    stock, owed, missing = standing.stock[i, u], 0.0, 0.0
    if m >= 0:
        stock += stages.lot[i] * lots[m, u]
        position = guide.net[i, u] + stages.lot[i] * lots[m, u]
        owed, missing = max(guide.low[i] - position, 0.0), max(guide.safety[i] - position, 0.0)
    for c in range(family.belows[x]):
        j = family.members[family.below[x, c]]
        t = min(u + stages.lead_time[j], lots.shape[1] - 1)
        units = stages.lot[j] * lots[family.below[x, c], t]
        stock -= family.used[x, c] * units
        owed -= family.used[x, c] * max(guide.low[j] - guide.net[j, t] - units, 0.0)
        missing -= family.used[x, c] * max(guide.safety[j] - guide.net[j, t] - units, 0.0)
    return stock, owed, missing
