"""
The planning problem as arrays: what `read_problem` makes of a snapshot, and all that follows sees.

Index sets: stages i, lanes l, buckets t = 0..T-1 of which the first `horizon` may place orders,
arcs (lane l consumes from stage i), resources r, stores k (room for stock), order groups g.
Quantities are base units, money is per base unit (and bucket), capacities are per bucket.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from optimization.network import Finding
from optimization.replenishment.lots import LotRule

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stages:
    """Arrays over stages; those with a second index run over buckets."""

    ids: tuple[str, ...]
    demand: Floats
    is_lost: Flags
    lateness_cost: Floats  # per unit and bucket late, or per unit lost
    settlement_cost: Floats  # per unit still owed at the end
    worth: Floats  # per unit still in stock at the end: what it saves whoever plans next
    on_hand: Floats
    backorders: Floats
    receipts: Floats
    target: Floats  # safety stock, or the corridor's minimum where that is more
    ceiling: Floats  # the corridor's maximum
    holding: Floats
    shortfall_cost: Floats
    excess_cost: Floats
    value: Floats
    life: Ints  # buckets a unit may lie, 0: it is of use in the one it comes in only; below 0: for ever
    end: Ints  # costs count in buckets before this one
    safety_stock: Floats


@dataclass(frozen=True, slots=True)
class Lanes:
    """Arrays over lanes; those with a second index run over order buckets."""

    ids: tuple[str, ...]
    stage: Ints
    arrival: Ints  # bucket in which an order of a bucket can first be used; T: after the end
    is_open: Flags
    closures: Mapping[str, Flags]  # why not, by rule
    unit_cost: Floats
    surcharge: Floats  # keeps a lower priority unused while a higher one can deliver, and stock from circling
    fixed_cost: Floats
    rules: tuple[LotRule, ...]
    step: Floats  # units per lot; 1 where any quantity will do
    is_whole: Flags
    smallest: Floats
    largest: Floats
    lead_days: Floats


@dataclass(frozen=True, slots=True)
class Arcs:
    """What a lane takes from other stages, when its order is placed."""

    lane: Ints
    stage: Ints
    quantity: Floats


@dataclass(frozen=True, slots=True)
class Resources:
    """Capacity per order bucket; `unit_size` > 0: bought in whole units."""

    ids: tuple[str, ...]
    capacity: Floats
    unit_size: Floats
    unit_cost: Floats
    over_cost: Floats
    resource: Ints  # entries of use
    lane: Ints
    per_unit: Floats
    per_order: Floats


@dataclass(frozen=True, slots=True)
class Stores:
    """Room for the stock at the end of a bucket."""

    ids: tuple[str, ...]
    capacity: Floats
    over_cost: Floats
    store: Ints  # entries of use
    stage: Ints
    per_unit: Floats


@dataclass(frozen=True, slots=True)
class Groups:
    """Minima pooled over the lanes of an order."""

    ids: tuple[str, ...]
    minimum: Floats
    group: Ints  # entries
    lane: Ints
    weight: Floats


@dataclass(frozen=True, slots=True)
class OrderProblem:
    """Everything planning needs, and what was read otherwise than it stands."""

    as_of: date
    bucket_days: int
    horizon: int
    stages: Stages
    lanes: Lanes
    arcs: Arcs
    resources: Resources
    stores: Stores
    groups: Groups
    missing_cost: Floats  # per stage: a component that is not there
    findings: tuple[Finding, ...] = ()

    @property
    def buckets(self) -> int:
        """T: the horizon and the longest lead time."""
        return int(self.stages.demand.shape[1])

    @property
    def counted(self) -> Flags:
        """Whether costs of a stage count in a bucket."""
        return np.arange(self.buckets) < self.stages.end[:, None]

    @property
    def late_cost(self) -> Floats:
        """Money per unit owed at the end of a bucket; in the last one, also what supplying it costs."""
        stages = self.stages
        cost = np.where(self.counted, stages.lateness_cost[:, None], 0.0)
        cost[np.arange(cost.shape[0]), stages.end - 1] += stages.settlement_cost
        return np.where(stages.is_lost[:, None], 0.0, cost)

    @property
    def worth_given(self) -> float:
        """Money: the worth of what is left at the end without any order; the plan only earns what it adds."""
        stages = self.stages
        given = stages.on_hand - stages.backorders
        left = given + ((stages.receipts - stages.demand) * self.counted).sum(axis=1)
        return float(stages.worth @ np.maximum(0.0, left))

    @property
    def kept_worth(self) -> Floats:
        """Money per unit of stock at the end of a bucket: its worth in a stage's last one, else 0."""
        worth = np.zeros(self.stages.demand.shape)
        worth[np.arange(len(self.stages.ids)), self.stages.end - 1] = self.stages.worth
        return worth

    @property
    def lost_cost(self) -> Floats:
        """
        Money per unit lost in a bucket.

        A bucket sooner weighs a bucket's shortfall more: otherwise it would pay to turn customers
        away while there is stock, and keep it as safety stock.
        """
        stages, left = self.stages, self._left
        cost: Floats = stages.lateness_cost[:, None] + stages.shortfall_cost[:, None] * left
        return np.where(stages.is_lost[:, None] & self.counted, cost, 0.0)

    @property
    def waste_cost(self) -> Floats:
        """Money per unit written off in a bucket; sooner never saves: stock is kept until its life is over."""
        stages = self.stages
        excess = np.where(np.isfinite(stages.ceiling), stages.excess_cost, 0.0)
        loss = np.maximum(0.0, stages.value - stages.worth)  # it is not kept either
        cost: Floats = loss[:, None] + (stages.holding + excess)[:, None] * self._left
        return np.where(self.counted, cost, 0.0)

    @property
    def _left(self) -> Floats:
        """Buckets of a stage that still count, from each one on."""
        left: Floats = np.maximum(0.0, self.stages.end[:, None] - np.arange(self.buckets))
        return left
