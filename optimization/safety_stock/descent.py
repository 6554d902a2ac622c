"""
Coordinate descent from a placement.

One promise at a time moves to a value at which its own or a neighbour's cost has a kink, as long as
that lowers the cost; where storage is shared, only within what is left of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.placement import ServiceTimes, settle, total_cost

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOISE = 1e-9  # parts of a capacity that are rounding noise

_Left = tuple[Floats, Floats]  # use as in `Room`, and what is left of each site
_Places = list[tuple[int, int]]  # nodes and net replenishment times


@dataclass(frozen=True, slots=True)
class Room:
    """
    Storage that stages share, in parts of each site's capacity.

    Parameters
    ----------
    use
        Per site, by node and net replenishment time, flat like the cost tables.
    """

    use: Floats

    def left_after(self, bounds: DemandBounds, times: ServiceTimes) -> Floats:
        """What a placement leaves free of each site; below 0 where it does not fit."""
        left: Floats = 1.0 - self.use[:, bounds.first[:-1] + times.net].sum(axis=1)
        return left

    def fits(self, bounds: DemandBounds, times: ServiceTimes) -> bool:
        """Whether a placement keeps every capacity."""
        return bool((self.left_after(bounds, times) >= -NOISE).all())


def descend(
    layout: Layout, bounds: DemandBounds, times: ServiceTimes, room: Room | None = None
) -> tuple[float, ServiceTimes]:
    """
    Change one promise at a time while that lowers the cost.

    Parameters
    ----------
    room
        Where given, no change may use more of a site than is left.
    """
    out, best = times.out.tolist(), total_cost(bounds, times)
    tables = [bounds.cost_table(j).tolist() for j in range(layout.nodes)]
    improves = True
    while improves:
        improves = False
        left = None if room is None else (room.use, room.left_after(bounds, times))
        for j in layout.order:
            out[j] = _best_promise(layout, (tables, bounds.first), out, (j, left))
        settled = settle(layout, out)
        cost = total_cost(bounds, settled)
        if cost < best * (1.0 - 1e-12) and (room is None or room.fits(bounds, settled)):
            best, times, improves = cost, settled, True
            out = settled.out.tolist()
    return best, times


def _best_promise(
    layout: Layout, tables: tuple[list[list[float]], Ints], out: list[int], focus: tuple[int, _Left | None]
) -> int:
    """The promise of one stage with the lowest cost at it and its customers, the others kept."""
    (j, room), (costs, first) = focus, tables
    into = _arrival(layout, out, j, -1)
    top = min(into + int(layout.time[j]), int(layout.longest[j]))
    rivals = {k: _arrival(layout, out, k, j) for k in layout.customers[j]}
    choices = {0, top, *(min(top, r) for r in rivals.values()), min(top, out[j])}
    choices |= {max(0, min(top, out[k] - int(layout.time[k]))) for k in layout.customers[j]}

    def touched(promise: int) -> _Places:
        """Node and net replenishment time of the stage and its customers."""
        nets = [(k, max(0, max(r, promise) + int(layout.time[k]) - out[k])) for k, r in rivals.items()]
        return [(j, into + int(layout.time[j]) - promise), *nets]

    now = min(top, out[j])
    best, chosen = float("inf"), now
    for promise in sorted(choices):
        places = touched(promise)
        cost = sum(costs[k][net] for k, net in places)
        if cost < best and (room is None or _has_room(room, first, (touched(now), places))):
            best, chosen = cost, promise
    if room is not None and chosen != now:
        room[1][:] -= _extra_use(room[0], first, (touched(now), touched(chosen)))
    return chosen


def _has_room(room: _Left, first: Ints, change: tuple[_Places, _Places]) -> bool:
    use, left = room
    extra = _extra_use(use, first, change)
    return bool(((extra <= 0.0) | (extra <= left)).all())


def _extra_use(use: Floats, first: Ints, change: tuple[_Places, _Places]) -> Floats:
    before, after = ([int(first[k]) + net for k, net in places] for places in change)
    extra: Floats = use[:, after].sum(axis=1) - use[:, before].sum(axis=1)
    return extra


def _arrival(layout: Layout, out: list[int], k: int, without: int) -> int:
    """SI of a stage from all its suppliers but one."""
    return max([int(layout.floor[k]), *(out[i] for i in layout.suppliers[k] if i != without)])
