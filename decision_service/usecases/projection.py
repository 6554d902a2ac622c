"""Stock as orders leave it, bucket by bucket."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from decision_service.decision import JudgedOrder
from decision_service.facts import SnapshotFacts
from optimization.network import DemandKind, LaneKind
from optimization.replenishment.buckets import bucket_of
from optimization.replenishment.demand import expected_demand


class Projection:
    """Net stock at the end of every bucket that orders may be placed in."""

    def __init__(self, known: SnapshotFacts, orders: tuple[JudgedOrder, ...], stages: frozenset[str]) -> None:
        self._known = known
        self.stages = stages
        last = max((o.order_bucket for o in orders), default=0)
        self._buckets = max(known.snapshot.horizon, last + 1)
        self._flow = {stage: np.zeros(self._buckets) for stage in stages}
        self._lost = {d.stage for d in known.snapshot.demands if d.kind is DemandKind.LOST_SALE}
        for stage, bucket, quantity in (*self._receipts(), *self._orders(orders), *self._demands()):
            if stage in self._flow and bucket < self._buckets:
                self._flow[stage][bucket] += quantity

    @property
    def horizon(self) -> int:
        """Buckets that the snapshot plans."""
        return self._known.snapshot.horizon

    def of(self, stage: str) -> NDArray[np.float64]:
        """Base units; below 0 is owed, but demand that was lost is not."""
        known = self._known.stages[stage]
        if stage not in self._lost:
            return known.on_hand - known.backorders + np.cumsum(self._flow[stage])
        left, stock = known.on_hand, np.empty(self._buckets)
        for bucket, flow in enumerate(self._flow[stage].tolist()):
            left = stock[bucket] = max(0.0, left + flow)
        return stock

    def value(self) -> float:
        """Money: what lies in stock at the end of a bucket, on average over the horizon."""
        total = 0.0
        for name in sorted(self.stages):
            worth = self._known.items[self._known.stages[name].item].value
            if worth:
                total += worth * float(np.maximum(self.of(name)[: self.horizon], 0.0).mean())
        return total

    def service(self) -> float | None:
        """
        Share of demand served in its own bucket, over the horizon; None without demand.

        First come, first served: what is owed at the end of a bucket is of the latest demand.
        """
        wanted = late = 0.0
        for demand in self._known.snapshot.demands:
            asked = expected_demand(demand, self._buckets)[: self.horizon]
            stock = self._owed(demand.stage)[: self.horizon]
            wanted += float(asked.sum())
            late += float(np.minimum(asked, np.maximum(-stock, 0.0)).sum())
        return 1.0 - late / wanted if wanted > 0.0 else None

    def _owed(self, stage: str) -> NDArray[np.float64]:
        """Below 0 what was not served in the bucket, lost or late."""
        stock = self.of(stage)
        if stage not in self._lost:
            return stock
        before = np.concatenate(([self._known.stages[stage].on_hand], stock[:-1]))
        return np.asarray(before + self._flow[stage])

    def _receipts(self) -> Iterator[tuple[str, int, float]]:
        snapshot = self._known.snapshot
        for receipt in snapshot.receipts:
            factor = self._known.units.factor(
                receipt.unit, self._known.items[self._known.stages[receipt.stage].item]
            )
            day = max(receipt.due, snapshot.as_of)
            if factor is not None:
                bucket = bucket_of(day, snapshot.as_of, snapshot.bucket_days)
                yield receipt.stage, bucket, receipt.quantity * factor

    def _orders(self, orders: tuple[JudgedOrder, ...]) -> Iterator[tuple[str, int, float]]:
        for order in orders:
            lane = self._known.lanes[order.lane]
            yield order.stage, order.due_bucket, order.quantity
            if lane.kind is LaneKind.TRANSFER:
                yield lane.source, order.order_bucket, -order.quantity
            for part in lane.components:
                yield part.stage, order.order_bucket, -order.quantity * part.quantity

    def _demands(self) -> Iterator[tuple[str, int, float]]:
        for demand in self._known.snapshot.demands:
            if demand.stage in self._flow:
                for bucket, quantity in enumerate(expected_demand(demand, self._buckets).tolist()):
                    yield demand.stage, bucket, -quantity
