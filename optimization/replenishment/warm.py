"""Load what is compiled (numba) before the first caller waits for it: a tiny plan by prices, read out."""

from datetime import date

from optimization.network import (
    Demand,
    Item,
    Lane,
    LaneKind,
    Location,
    Resource,
    ResourceKind,
    ResourceUse,
    Snapshot,
    Stage,
    Supplier,
)
from optimization.parameters import PlanningParameters
from optimization.replenishment.plan import plan_replenishment
from optimization.report import SolveLimits

_STAGES, _BUCKETS = 4, 3


def warm_up() -> None:
    """Plan a few stages behind one supplier, so that every compiled function is there."""
    limits = SolveLimits(iterations=2, priced_stages=1, gap=0.0, nodes=1)
    plan_replenishment(_snapshot(), {}, PlanningParameters(), limits)


def _snapshot() -> Snapshot:
    names = [f"stage-{n}" for n in range(_STAGES)]
    return Snapshot(
        date(2026, 1, 5),
        horizon=_BUCKETS,
        items=(Item("item", value=1.0),),
        locations=tuple(Location(name) for name in names),
        suppliers=(Supplier("supplier"),),
        stages=tuple(Stage(name, "item", name) for name in names),
        lanes=tuple(
            Lane(name, LaneKind.PURCHASE, name, supplier="supplier", unit_cost=1.0, fixed_cost=1.0, minimum=1.0,
                 multiple=1.0, maximum=4.0, uses=(ResourceUse("capacity", 1.0),))
            for name in names
        ),
        resources=(Resource("capacity", ResourceKind.SUPPLIER, capacity=2.0),),
        demands=tuple(Demand(name, mean=(2.0, 1.0, 1.0)) for name in names),
    )  # fmt: skip
