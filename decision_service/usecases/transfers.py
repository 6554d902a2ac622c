"""Places that transfers leave, and what they leave there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from decision_service.decision import JudgedOrder
from decision_service.facts import SnapshotFacts
from optimization.network import LaneKind, Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NOISE = 1e-6


@dataclass(frozen=True, slots=True)
class Source:
    """
    A stage with a minimum stock that transfers leave.

    Parameters
    ----------
    transfers
        Those that left by `bucket`.
    bucket
        The first one at whose end a transfer left less than the minimum; else the one with least stock.
    position
        Base units: what is left at its end, and the largest of `transfers`. A transfer larger than
        position less minimum takes the place below its minimum.
    """

    stage: Stage
    transfers: tuple[JudgedOrder, ...]
    bucket: int
    position: float

    @property
    def spare(self) -> float:
        """Base units that `transfers` may take together before the minimum is reached."""
        largest, total = max(t.quantity for t in self.transfers), sum(t.quantity for t in self.transfers)
        return max(0.0, self.position - largest + total - (self.stage.min_stock or 0.0))


def sources_of(known: SnapshotFacts, orders: tuple[JudgedOrder, ...]) -> tuple[Source, ...]:
    """Every stage with a minimum that a transfer leaves, by stage id."""
    leaving: dict[str, list[JudgedOrder]] = {}
    for order in orders:
        if order.kind is LaneKind.TRANSFER:
            leaving.setdefault(known.lanes[order.lane].source, []).append(order)
    guarded = sorted(s for s in leaving if known.stages[s].min_stock is not None)
    if not guarded:
        return ()
    from decision_service.usecases.projection import Projection  # noqa: PLC0415 - as in `planning`

    stock = Projection(known, orders, frozenset(guarded))
    return tuple(_source(known.stages[s], leaving[s], stock.of(s)) for s in guarded)


def _source(stage: Stage, leaving: list[JudgedOrder], stock: "NDArray[np.float64]") -> Source:
    buckets = sorted({order.order_bucket for order in leaving})
    least = min(buckets, key=lambda t: (stock[t], t))
    below = (t for t in buckets if stock[t] < (stage.min_stock or 0.0) - _NOISE)
    bucket = next(below, least)
    gone = tuple(sorted((o for o in leaving if o.order_bucket <= bucket), key=lambda o: o.id))
    return Source(stage, gone, bucket, float(stock[bucket]) + max(o.quantity for o in gone))
