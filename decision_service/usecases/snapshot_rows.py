"""The rows of a snapshot that one order was planned from."""

from collections.abc import Iterator, Mapping
from typing import Any

from decision_service.decision import JudgedOrder
from optimization.network import Demand, Snapshot

Row = tuple[str, str, Mapping[str, str], str]
"""Id inside the snapshot (``set/id``), label, facts, and what the row was for the order."""


class SnapshotRows:
    """Finds rows by what an order says of itself."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def of_order(self, order: JudgedOrder) -> Iterator[Row]:
        """Item, stage, lane, supplier, resources, demands it is pegged to, receipts it counts on."""
        snapshot = self._snapshot
        stages = {order.stage, *(p.stage for p in order.pegging)}
        resources = {b.resource for b in order.binding}
        yield from _rows("items", "item", snapshot.items, {order.item}, "orders")
        yield from _rows("stages", "stage", snapshot.stages, {order.stage}, "for")
        yield from _rows("stages", "stage", snapshot.stages, stages - {order.stage}, "pegged to")
        yield from _rows("lanes", "lane", snapshot.lanes, {order.lane}, "by")
        yield from _rows("suppliers", "supplier", snapshot.suppliers, {order.supplier}, "from")
        yield from _rows("resources", "resource", snapshot.resources, resources, "bound by")
        for demand in snapshot.demands:
            if demand.stage in stages:
                yield f"demands/{demand.stage}", f"demand at {demand.stage}", _demand(demand), "to serve"
        for receipt in snapshot.receipts:
            if receipt.stage == order.stage:
                yield f"receipts/{receipt.id}", f"receipt {receipt.id}", _facts(receipt), "beside"


def _rows(name: str, word: str, rows: tuple[Any, ...], wanted: set[str], role: str) -> Iterator[Row]:
    for row in rows:
        if row.id in wanted:
            yield f"{name}/{row.id}", f"{word} {row.id}", _facts(row), role


def _facts(row: Any) -> Mapping[str, str]:
    """The scalar fields of a row that say something."""
    values = ((name, getattr(row, name)) for name in row.__slots__ if name != "id")
    return {
        name.replace("_", " "): f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in values
        if value not in (None, "", ()) and not isinstance(value, tuple | Mapping)
    }


def _demand(demand: Demand) -> Mapping[str, str]:
    """How much, and how it is known: stated, in quantiles, or a history to forecast from."""
    facts = {"kind": demand.kind.value, "source": demand.source or "not named"}
    if demand.history:
        return facts | {"given as": f"history of {len(demand.history)} buckets, forecast here"}
    if demand.quantiles:
        return facts | {"given as": f"{len(demand.quantiles)} quantiles a bucket"}
    return facts | {"given as": "mean and deviation a bucket", "mean of all buckets": f"{sum(demand.mean):g}"}
