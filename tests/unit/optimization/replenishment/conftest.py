"""One item, or a few, bought for one location: networks with one meaningful difference."""

from datetime import date

import pytest

from optimization.check import check_plan
from optimization.network import Demand, Item, Lane, LaneKind, Location, Snapshot, Stage, Supplier
from optimization.parameters import PlanningParameters
from optimization.replenishment import plan_replenishment
from optimization.report import SolveLimits

MONDAY = date(2026, 11, 30)


def make_lane(stage, **differences):
    """A purchase in whole units without lead time."""
    given = {
        "id": f"buy {stage}",
        "kind": LaneKind.PURCHASE,
        "supplier": "s",
        "multiple": 1.0,
        "unit_cost": 5.0,
    }
    return Lane(stage=stage, **given | differences)


def make_snapshot(demands, *, stages=(), lanes=None, **more):
    """Stages named by their demands, one lane each unless lanes are given."""
    named = {s.id: s for s in stages}
    every = {name: named.get(name, Stage(name, "a", "W", added_cost=5.0)) for name in [*named, *demands]}
    return Snapshot(
        **{"as_of": MONDAY, "horizon": 4, "items": (Item("a", value=5.0, volume=1.0),), "suppliers": (Supplier("s"),),
           "locations": (Location("W"),)} | more,
        stages=tuple(every.values()),
        lanes=tuple(make_lane(name) for name in every) if lanes is None else tuple(lanes),
        demands=tuple(d if isinstance(d, Demand) else Demand(name, mean=d) for name, d in demands.items()),
    )  # fmt: skip


@pytest.fixture
def lane():
    return make_lane


@pytest.fixture
def snapshot():
    return make_snapshot


@pytest.fixture
def plan():
    """The proven optimum of a snapshot; every plan is checked without a solver."""

    def made(known, stocks=None, parameters=None, start=None, **limits):
        parameters = parameters or PlanningParameters()
        found = plan_replenishment(
            known, stocks or {}, parameters, SolveLimits(**{"gap": 1e-9} | limits), start=start
        )
        assert () == check_plan(known, stocks or {}, parameters, found)
        return found

    return made
