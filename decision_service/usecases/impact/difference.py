"""
One decision beside what another release makes of the same inputs.

Both sides are measured in the same way: spend and projections leave out what is blocked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from decision_service.decision import Disposition, JudgedOrder, Outcome, Verdict
from decision_service.facts import SnapshotFacts
from optimization.network import Snapshot


@dataclass(frozen=True, slots=True)
class Side:
    """
    An outcome in figures.

    Parameters
    ----------
    spend, stock
        Money: orders that are not blocked; average stock over the horizon.
    service
        Share of demand served in its own bucket, 0 to 1; None where nothing was planned or asked.
    work
        Iterations of the solver: the run time that does not depend on the machine.
    """

    verdict: Verdict
    orders: int
    spend: float
    stock: float
    service: float | None
    exceptions: int
    work: int


@dataclass(frozen=True, slots=True)
class Flipped:
    """Orders that went from one disposition to another; empty = not ordered."""

    before: str
    after: str
    orders: int
    value: float


@dataclass(frozen=True, slots=True)
class Difference:
    """
    A decision then and now.

    Parameters
    ----------
    flips
        All orders by disposition then and now, unchanged ones too.
    problem
        Why it could not be decided again; then there is no `after`.
    seconds
        Of deciding again; 0 when it is not measured.
    """

    decision: str
    request_id: str
    release: str
    before: Side
    after: Side | None
    flips: tuple[Flipped, ...] = ()
    quantities_changed: int = 0
    problem: str = ""
    seconds: float = 0.0

    @property
    def is_same(self) -> bool:
        """Whether every order and the verdict are as they were."""
        return (
            self.after is not None
            and self.before.verdict == self.after.verdict
            and not self.flipped
            and not self.quantities_changed
        )

    @property
    def flipped(self) -> int:
        """Orders of another disposition, or in one of the two only."""
        return sum(flip.orders for flip in self.flips if flip.before != flip.after)

    @property
    def weight(self) -> float:
        """How much it matters, money: what flipped, and what is spent more or less."""
        flipped = sum(flip.value for flip in self.flips if flip.before != flip.after)
        return flipped + (abs(self.after.spend - self.before.spend) if self.after else 0.0)


def measure(snapshot: Snapshot, outcome: Outcome) -> Side:
    """An outcome in figures."""
    from decision_service.usecases.projection import Projection  # noqa: PLC0415 - as in `planning`

    known = SnapshotFacts(snapshot)
    placed = tuple(o for o in outcome.orders if o.disposition is not Disposition.BLOCKED)
    is_planned = any(report.name == "orders" for report in outcome.reports)
    projection = Projection(known, placed, frozenset(known.stages)) if is_planned else None
    return Side(
        outcome.verdict,
        len(outcome.orders),
        sum(order.cost for order in placed),
        projection.value() if projection else 0.0,
        projection.service() if projection else None,
        len(outcome.exceptions),
        sum(report.iterations for report in outcome.reports),
    )


def flips(before: Outcome, after: Outcome) -> tuple[Flipped, ...]:
    """Orders by what became of them, sorted."""
    then, now = _by_id(before), _by_id(after)
    counted: dict[tuple[str, str], list[float]] = {}
    for id_ in sorted(then.keys() | now.keys()):
        old, new = then.get(id_), now.get(id_)
        pair = (old.disposition.value if old else "", new.disposition.value if new else "")
        counted.setdefault(pair, []).append(_cost(new or old))
    return tuple(Flipped(*pair, len(costs), sum(costs)) for pair, costs in sorted(counted.items()))


def quantities_changed(before: Outcome, after: Outcome) -> int:
    """Orders in both, of another quantity."""
    then, now = _by_id(before), _by_id(after)
    return sum(then[id_].quantity != now[id_].quantity for id_ in then.keys() & now.keys())


def _by_id(outcome: Outcome) -> Mapping[str, JudgedOrder]:
    return {order.id: order for order in outcome.orders}


def _cost(order: JudgedOrder | None) -> float:
    return order.cost if order else 0.0
