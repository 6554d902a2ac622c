"""
Release of wanted orders, bucket by bucket: each as far as components, capacity and room allow.

Suppliers come before their customers, so that what arrives within a bucket can be used in it;
among stages of one level the one with the least cover goes first. What cannot be released waits.
"""

import numpy as np

from optimization.replenishment.levels import levels
from optimization.replenishment.problem import Floats, Ints, OrderProblem

_NOISE = 1e-7


def release(problem: OrderProblem, wanted: Floats) -> Floats:
    """Orders that keep every hard rule; `wanted` per lane and order bucket."""
    run = _Release(problem)
    for t in range(problem.horizon):
        run.open_bucket(t, wanted[:, t])
        run.release_groups(t)
        for lane in run.by_urgency(t):
            if not run.is_pooled[lane]:
                run.place(int(lane), t, run.quantity_for(int(lane), t))
    return run.quantity


class _Release:
    """What is left of everything shared while orders are placed in time order."""

    def __init__(self, problem: OrderProblem) -> None:
        stages, lanes = problem.stages, problem.lanes
        self.problem = problem
        self.quantity = np.zeros(lanes.is_open.shape)
        self.due = np.zeros(lanes.stage.size)  # wanted and not yet released
        self.net = (stages.on_hand - stages.backorders)[:, None] + np.cumsum(
            stages.receipts - stages.demand, axis=1
        )
        self.level = levels(problem)[lanes.stage]
        self.rate = np.maximum(stages.demand.mean(axis=1), 1e-9)
        self.left = _capacity_left(problem)
        self.is_pooled = np.zeros(lanes.stage.size, dtype=np.bool_)
        self.is_pooled[problem.groups.lane] = True
        self.arcs = _by(problem.arcs.lane, lanes.stage.size)
        self.uses = _by(problem.resources.lane, lanes.stage.size)
        self.rooms = _by(problem.stores.stage, len(stages.ids))
        self.counted = problem.counted
        self.room = self._room()

    def open_bucket(self, t: int, wanted: Floats) -> None:
        """What is wanted from now on."""
        self.due += wanted
        self.bucket = t

    def by_urgency(self, t: int) -> Ints:
        """Open lanes with something due, suppliers first, least cover first."""
        lanes = self.problem.lanes
        chosen = np.flatnonzero((self.due > _NOISE) & lanes.is_open[:, t])
        stage = lanes.stage[chosen]
        cover = self.net[stage, lanes.arrival[chosen, t]] / self.rate[stage]
        return chosen[np.lexsort((chosen, cover, self.level[chosen]))]

    def quantity_for(self, lane: int, t: int, extra: float = 0.0) -> float:
        """What can be released of what is due: rounded up, then down to what is left."""
        rule = self.problem.lanes.rules[lane]
        quantity = rule.round(self.due[lane] + extra)[0]
        return rule.at_most(min(quantity, self._limit(lane, t)))

    def place(self, lane: int, t: int, quantity: float) -> None:
        """Commit an order."""
        if quantity <= _NOISE:
            return
        lanes, arcs, resources = self.problem.lanes, self.problem.arcs, self.problem.resources
        self.quantity[lane, t] = quantity
        self.due[lane] -= quantity
        touched = [int(lanes.stage[lane]), *(int(arcs.stage[a]) for a in self.arcs[lane])]
        before = self.net[touched]
        self.net[lanes.stage[lane], lanes.arrival[lane, t] :] += quantity
        for a in self.arcs[lane]:
            self.net[arcs.stage[a], t:] -= arcs.quantity[a] * quantity
        for u in self.uses[lane]:
            self.left[resources.resource[u], t] -= resources.per_unit[u] * quantity + resources.per_order[u]
        for stage, held in zip(touched, before, strict=True):
            self._refill(stage, held)

    def release_groups(self, t: int) -> None:
        """Pooled orders: topped up to the minimum on the item that is cheapest to hold, or not at all."""
        groups, lanes = self.problem.groups, self.problem.lanes
        for g in range(len(groups.ids)):
            members = np.flatnonzero(groups.group == g).tolist()
            ready = [e for e in members if lanes.is_open[groups.lane[e], t]]
            wanting = [e for e in ready if self.due[groups.lane[e]] > _NOISE]
            if wanting:
                self._release_group(t, float(groups.minimum[g]), ready, wanting)

    def _release_group(self, t: int, minimum: float, ready: list[int], wanting: list[int]) -> None:
        groups, lanes, stages = self.problem.groups, self.problem.lanes, self.problem.stages
        saved = self._copies()
        placed = 0.0
        holding = {
            e: stages.holding[lanes.stage[groups.lane[e]]] / max(groups.weight[e], 1e-12) for e in ready
        }
        order = [*wanting, *(e for e in ready if e not in wanting)]
        cheapest = min(ready, key=lambda e: (holding[e], e))
        for e in sorted(order, key=lambda e: (e == cheapest, order.index(e))):
            lane, lacking = int(groups.lane[e]), 0.0
            if e == cheapest and groups.weight[e] > 0.0:
                own = lanes.rules[lane].round(self.due[lane])[0] if self.due[lane] > _NOISE else 0.0
                lacking = max(0.0, (minimum - placed) / groups.weight[e] - own)
                lacking += max(0.0, own - max(self.due[lane], 0.0)) if lacking else 0.0
            if self.due[lane] > _NOISE or lacking > _NOISE:
                quantity = self.quantity_for(lane, t, lacking + max(0.0, -self.due[lane]))
                self.place(lane, t, quantity)
                placed += groups.weight[e] * quantity
        if placed < minimum - 1e-6:
            self._restore(saved)

    def _limit(self, lane: int, t: int) -> float:
        """The most an order can have now: components at hand, capacity left, room on arrival."""
        arcs, resources, stores = self.problem.arcs, self.problem.resources, self.problem.stores
        limit = np.inf
        for a in self.arcs[lane]:
            limit = min(limit, max(0.0, self.net[arcs.stage[a], t]) / arcs.quantity[a])
        for u in self.uses[lane]:
            left = self.left[resources.resource[u], t] - resources.per_order[u]
            if resources.per_unit[u] > 0.0:
                limit = min(limit, max(0.0, left) / resources.per_unit[u])
            elif left < -_NOISE:
                limit = 0.0
        stage = int(self.problem.lanes.stage[lane])
        arrival, end = int(self.problem.lanes.arrival[lane, t]), int(self.problem.stages.end[stage])
        for e in self.rooms[stage]:
            if arrival < end:
                spare = np.maximum(0.0, self.room[stores.store[e], arrival:end]) / stores.per_unit[e]
                limit = min(limit, float((spare + np.maximum(0.0, -self.net[stage, arrival:end])).min()))
        return limit

    def _room(self) -> Floats:
        stores, counted = self.problem.stores, self.counted
        room = stores.capacity.copy()
        held = np.maximum(0.0, self.net) * counted
        np.subtract.at(room, stores.store, stores.per_unit[:, None] * held[stores.stage])
        return room

    def _refill(self, stage: int, before: Floats) -> None:
        stores, counted = self.problem.stores, self.counted[stage]
        change = (np.maximum(0.0, self.net[stage]) - np.maximum(0.0, before)) * counted
        for e in self.rooms[stage]:
            self.room[stores.store[e]] -= stores.per_unit[e] * change

    def _copies(self) -> tuple[Floats, ...]:
        return tuple(a.copy() for a in (self.quantity, self.due, self.net, self.left, self.room))

    def _restore(self, saved: tuple[Floats, ...]) -> None:
        self.quantity, self.due, self.net, self.left, self.room = saved


def _capacity_left(problem: OrderProblem) -> Floats:
    resources = problem.resources
    size = resources.unit_size[:, None]
    with np.errstate(invalid="ignore"):
        return np.where(size > 0.0, np.floor(resources.capacity + 1e-9) * size, resources.capacity)


def _by(index: Ints, size: int) -> list[list[int]]:
    """Entries by their first index."""
    result: list[list[int]] = [[] for _ in range(size)]
    for entry, key in enumerate(index.tolist()):
        result[key].append(entry)
    return result
