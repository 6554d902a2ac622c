"""
Stages tied by bills of materials and distribution, with shared capacity, trucks and room.

Sets: stages i, periods t = 0..T-1, links (p -> j) that use r[p,j] units of p per unit of j, taken
when j's order is released; resources g, lanes l (trucks), places d (room for stock).

    n[i,t]   lots of i that arrive in t, released in t - L[i]: 0 or whole, n >= m[i]
    k[i,t] = n[i,0] + .. + n[i,t] <= limit[i]
    s[i,t] = on hand + receipts - demand + q[i] k[i,t] - sum_j r[i,j] q[j] k[j, t(+)L[j]]

with t(+)L = min(t + L, T - 1). Stages that supply no other are end stages: only they have
demand, and only their s may be negative (backlog); elsewhere s >= 0, a component that is not
there cannot be used.

    min   sum_inner h s + sum_end (h s+ + b s- + p (SS - s)+) + sum K 1(n > 0)
          + sum F[l] z[l,t] + R sum crowd[d,t]
    s.t.  sum_{i of g} e[i] q[i] n[i,t+L] + f[i] 1(n[i,t+L] > 0) <= C[g,t]          (resource)
          sum_{i of l} v[i] q[i] n[i,t+L]   <= size[l] z[l,t],   z whole             (trucks)
          sum_{i of d} v[i] s[i,t]+         <= S[d,t] + crowd[d,t]                   (room)

To order nothing keeps every rule, so there always is a plan. `limit` is part of the problem: no
stage orders more over the horizon than could ever be needed below it, every order rounded up.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimization.decomposition.instance import Floats, Ints
from optimization.errors import InvalidNetworkError

NONE = -1
_HAIR = 1e-9


class Stages(NamedTuple):
    """
    One entry per stage; a named tuple, because compiled code takes it as it is.

    Money is per order, per unit and period; `minimum` counts lots; `resource`, `lane` and `place`
    are numbers, or `NONE`. `safety_stock`, `backlog` and `shortfall` matter at end stages only.
    """

    on_hand: Floats
    receipts: Floats
    demand: Floats
    lot: Floats
    minimum: Ints
    lead_time: Ints
    order_cost: Floats
    holding: Floats
    backlog: Floats
    safety_stock: Floats
    shortfall: Floats
    resource: Ints
    unit_use: Floats
    order_use: Floats
    lane: Ints
    place: Ints
    volume: Floats

    @property
    def count(self) -> int:  # type: ignore[override]  # the field's word; nobody counts fields
        """How many stages there are."""
        return len(self.lot)


class Links(NamedTuple):
    """Children and parents of every stage, and stages from suppliers to customers."""

    child_start: Ints
    child: Ints
    child_quantity: Floats
    parent_start: Ints
    parent: Ints
    parent_quantity: Floats
    downward: Ints


@dataclass(frozen=True)
class Network:
    """
    Stages, links and what is shared.

    Parameters
    ----------
    capacity
        C[g,t] by release period.
    truck_size, truck_cost
        Volume and money per truck of a lane.
    room, crowding
        S[d,t], and R: money per unit of volume and period beyond it.
    """

    stages: Stages
    links: Links
    capacity: Floats
    truck_size: Floats
    truck_cost: Floats
    room: Floats
    crowding: float

    def __post_init__(self) -> None:
        _check(self)
        # Code is compiled for each layout that it meets: of columns read from tables there are two.
        object.__setattr__(self, "stages", Stages(*map(np.ascontiguousarray, self.stages)))

    @property
    def periods(self) -> int:
        """Length of the horizon."""
        return int(self.stages.demand.shape[1])

    @cached_property
    def is_end(self) -> NDArray[np.bool_]:
        """Stages that supply no other."""
        ends: NDArray[np.bool_] = np.diff(self.links.child_start) == 0
        return ends

    @cached_property
    def own_net(self) -> Floats:
        """On hand and receipts less demand, summed up: s if nothing is ordered anywhere."""
        stages = self.stages
        return stages.on_hand[:, None] + np.cumsum(stages.receipts - stages.demand, axis=1)

    @cached_property
    def echelon_net(self) -> Floats:
        """a[i,t]: own net stock and, through the links, that of all below, t(+)L ahead."""
        return self._down_up(self.own_net, _shift_ahead)

    @cached_property
    def echelon_safety(self) -> Floats:
        """Safety stock at the end stages below, in units of the stage."""
        own = np.where(self.is_end, self.stages.safety_stock, 0.0)
        return self._down_up(own[:, None], lambda values, _: values)[:, 0]

    @cached_property
    def limit(self) -> Ints:
        """Lots over the horizon: safety stock and demand of all below, each rounded up on the way."""
        stages, links = self.stages, self.links
        limit = np.zeros(stages.count, np.int32)
        for i in links.downward[::-1]:
            children = slice(links.child_start[i], links.child_start[i + 1])
            net = self.own_net[i].copy()
            for j, r in zip(links.child[children], links.child_quantity[children], strict=True):
                net -= r * stages.lot[j] * limit[j]
            if self.is_end[i]:
                net -= stages.safety_stock[i]
            need = max(0.0, -float(net[min(stages.lead_time[i], self.periods - 1) :].min()))
            limit[i] = np.int32(np.ceil(need / stages.lot[i] - 1e-9)) + stages.minimum[i] - 1
        return limit

    @cached_property
    def most(self) -> Ints:
        """
        Lots of a stage that can have arrived by the end of each period in any plan that keeps the rules.

        As many as the components that can be there at the release, and the capacity up to it, allow,
        in whole lots; none while that is less than the smallest order.
        """
        stages, links = self.stages, self.links
        most = np.zeros(self.own_net.shape, np.int32)
        for i in links.downward:
            lead, minimum = int(stages.lead_time[i]), stages.minimum[i]
            allowed = np.minimum(self._allowed(i, most)[: max(self.periods - lead, 0)], self.limit[i])
            most[i, lead:] = np.where(allowed < minimum, 0, allowed)
        return most

    def _allowed(self, i: int, most: Ints) -> Floats:
        """Lots of stage i released by the end of each period, as parents and capacity allow them."""
        stages, links = self.stages, self.links
        allowed = np.cumsum(self._possible(i))
        for a in range(links.parent_start[i], links.parent_start[i + 1]):
            p = links.parent[a]
            there = (self.own_net[p] + stages.lot[p] * most[p])[::-1]  # what is taken stays taken
            units = np.minimum.accumulate(there)[::-1]
            lots = np.floor(units / (links.parent_quantity[a] * stages.lot[i]) + _HAIR)
            allowed = np.minimum(allowed, lots)
        return allowed

    @cached_property
    def largest(self) -> Ints:
        """Lots of the largest order of a stage that can arrive in each period, others using no capacity."""
        stages, largest = self.stages, np.zeros(self.own_net.shape, np.int32)
        for i in range(stages.count):
            released = self._possible(i)[: max(self.periods - int(stages.lead_time[i]), 0)]
            largest[i, int(stages.lead_time[i]) :] = np.minimum(released, self.limit[i])
        return largest

    def _possible(self, i: int) -> Floats:
        """Lots of the largest order of stage i in each period of release; none below its minimum."""
        stages, g = self.stages, self.stages.resource[i]
        if g < 0 or stages.unit_use[i] <= 0.0:
            return np.full(self.periods, np.inf)
        left = self.capacity[g] - stages.order_use[i]
        lots = np.floor(left / (stages.unit_use[i] * stages.lot[i]) + _HAIR)
        return np.where(lots < stages.minimum[i], 0.0, lots)

    def _down_up(self, own: Floats, shift: Any) -> Floats:
        total, links = own.copy(), self.links
        for i in links.downward[::-1]:
            for a in range(links.child_start[i], links.child_start[i + 1]):
                j = links.child[a]
                total[i] += links.child_quantity[a] * shift(total[j], self.stages.lead_time[j])
        return total


def _shift_ahead(values: Floats, lead_time: int) -> Floats:
    last = values.size - 1
    return values[np.minimum(np.arange(values.size) + lead_time, last)]


def link(count: int, source: Ints, target: Ints, quantity: Floats) -> Links:
    """
    Links by stage from lists of (source, target, quantity).

    Raises
    ------
    InvalidNetworkError
        When an end is no stage, a quantity is not positive, or the links form a cycle.
    """
    for name, ends in (("source", source), ("target", target)):
        if ends.size and (ends.min() < 0 or ends.max() >= count):
            raise InvalidNetworkError(f"links.{name}", "points at no stage", f"use 0..{count - 1}")
    if not (quantity > 0.0).all():
        raise InvalidNetworkError("links.quantity", "is not positive", "use numbers > 0")
    by_source, by_target = np.argsort(source, kind="stable"), np.argsort(target, kind="stable")
    edges = np.arange(count + 1)
    return Links(
        np.searchsorted(source[by_source], edges).astype(np.int32),
        target[by_source].astype(np.int32),
        quantity[by_source].astype(np.float64),
        np.searchsorted(target[by_target], edges).astype(np.int32),
        source[by_target].astype(np.int32),
        quantity[by_target].astype(np.float64),
        _downward(count, source, target),
    )


def _downward(count: int, source: Ints, target: Ints) -> Ints:
    """Stages by level, suppliers first."""
    level = np.zeros(count, np.int32)
    for _ in range(count + 1):
        raised = level.copy()
        np.maximum.at(raised, target, level[source] + 1)
        if np.array_equal(raised, level):
            return np.argsort(level, kind="stable").astype(np.int32)
        level = raised
    raise InvalidNetworkError("links", "a stage goes into itself", "remove one link of the cycle")


def _check(network: Network) -> None:
    stages, periods = network.stages, network.stages.demand.shape[1]
    positive = {"lot": 1e-9, "minimum": 1.0, "resource": NONE, "lane": NONE, "place": NONE}
    arrays: tuple[NDArray[Any], ...] = tuple(stages)
    for name, values in zip(stages._fields, arrays, strict=True):
        wrong = ~(np.isfinite(values) & (values >= positive.get(name, 0.0)))
        if len(values) != stages.count or wrong.any():
            where = int(np.argwhere(wrong)[0][0]) if wrong.any() else len(values)
            raise InvalidNetworkError(f"stages.{name}[{where}]", "is missing or out of range", "correct it")
    for name, numbers, rows in (
        ("resource", stages.resource, len(network.capacity)),
        ("lane", stages.lane, len(network.truck_size)),
        ("place", stages.place, len(network.room)),
    ):
        if numbers.max(initial=NONE) >= rows:
            raise InvalidNetworkError(f"stages.{name}", "points at nothing", f"use -1..{rows - 1}")
    if (stages.demand[~network.is_end] > 0.0).any():
        where = int(np.argmax((stages.demand > 0.0).any(axis=1) & ~network.is_end))
        raise InvalidNetworkError(
            f"stages.demand[{where}]", "is at a stage that supplies others", "give it an end stage of its own"
        )
    for name, values in (("capacity", network.capacity), ("room", network.room)):
        if values.shape[1:] != (periods,) or not (values >= 0.0).all():
            raise InvalidNetworkError(name, "is no capacity per period", f"give {periods} numbers >= 0 a row")
    if not (network.truck_size > 0.0).all():
        raise InvalidNetworkError("truck_size", "is not positive", "use numbers > 0")
