"""Room, rates and cost tables of a snapshot reach the placement, or are named where they cannot be kept."""

import math
from dataclasses import replace
from datetime import date

import pytest

from optimization.errors import InvalidNetworkError
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
    StorageCapacity,
    Supplier,
)
from optimization.parameters import PlanningParameters
from optimization.safety_stock import StorageLimit, place_safety_stock, problem_from_snapshot
from optimization.validate import validate_snapshot

PARAMETERS = PlanningParameters()


def snapshot(room=(), uses=(), resources=(), lanes=(), table=()):
    """A frozen and a dry item, bought at a plant and moved to a depot whose customers wait for nothing."""
    sides = [(item, place) for item in ("ice", "rice") for place in ("plant", "depot")]
    return Snapshot(
        date(2026, 11, 24),
        items=(Item("ice", volume=0.5, volume_class="cold"), Item("rice", volume=2.0)),
        locations=(Location("plant"), Location("depot", storage=tuple(StorageCapacity(*r) for r in room))),
        suppliers=(Supplier("acme"),),
        stages=tuple(
            Stage(f"{i}@{p}", i, p, added_cost=2.0 if p == "plant" else 0.1, max_service_time=None if p == "plant" else 0.0,
                  cost_table=table if (i, p) == ("rice", "plant") else ())
            for i, p in sides
        ),
        lanes=(
            *(Lane(f"buy {i}", LaneKind.PURCHASE, f"{i}@plant", supplier="acme", lead_time=9.0, uses=uses) for i in ("ice", "rice")),
            *(Lane(f"move {i}", LaneKind.TRANSFER, f"{i}@depot", source=f"{i}@plant", lead_time=2.0) for i in ("ice", "rice")),
            *lanes,
        ),
        resources=resources,
        demands=(
            Demand("ice@depot", mean=(70.0,), std=(28.0,)),
            Demand("rice@depot", mean=(140.0,), std=(56.0,)),
        ),
    )  # fmt: skip


def read(**given):
    shot = snapshot(**given)
    validate_snapshot(shot)
    return problem_from_snapshot(shot, PARAMETERS)


def place(**given):
    return place_safety_stock(read(**given)[0], PARAMETERS.safety_stock_limits)


def room_taken(placement):
    """Cubic metres that safety stocks at the depot take, of the cold and of all."""
    stocks = {s.stage: s.safety_stock for s in placement.stocks}
    cold = 0.5 * stocks["ice@depot"]
    return cold, cold + 2.0 * stocks["rice@depot"]


def test_rooms_of_locations_are_shared_by_their_stages():
    """
    A volume class takes its items, a room without one takes all; what no item needs is no limit.
    """
    problem, _ = read(room=(("cold", 7.0), ("", 90.0), ("bulk", 1.0)))

    assert (
        StorageLimit("depot/cold", 7.0, ("ice@depot",)),
        StorageLimit("depot", 90.0, ("ice@depot", "rice@depot")),
    ) == problem.storage


def test_a_full_depot_holds_less_and_the_plant_more():
    """
    The placement keeps every room, for more money, with a proof.
    """
    free = place()
    cold, everything = (0.8 * taken for taken in room_taken(free))
    tight = place(room=(("cold", cold), ("", everything)))

    assert room_taken(tight)[0] <= cold * (1 + 1e-9)
    assert room_taken(tight)[1] <= everything * (1 + 1e-9)
    assert free.report.objective < tight.report.objective
    assert tight.report.gap <= 1e-9
    assert () == tight.findings


def test_a_depot_too_small_for_its_promises_is_named():
    """
    The promises stand; a finding says by how much the room is too small.
    """
    placement = place(room=(("", 1.0),))

    assert [("STORAGE", "depot")] == [(f.kind, f.subject) for f in placement.findings]


def test_a_storage_resource_counts_what_its_lanes_say():
    """
    The least of its capacities over the buckets, and the room that lanes state per unit.
    """
    hall = Resource("hall", ResourceKind.STORAGE, capacity=50.0, capacities=(60.0, 40.0))
    problem, _ = read(uses=(ResourceUse("hall", per_unit=3.0),), resources=(hall,))

    assert (StorageLimit("hall", 40.0, ("ice@plant", "rice@plant"), (3.0, 3.0)),) == problem.storage


@pytest.mark.parametrize("kind", [ResourceKind.PRODUCTION, ResourceKind.SUPPLIER, ResourceKind.TRANSPORT])
def test_a_shared_resource_is_split_by_mean_demand(kind):
    """
    10 and 20 units a day of half an hour each, of 126 hours a week: both may have 1.2 times their mean.
    """
    line = Resource("line", kind, capacity=126.0)
    problem, findings = read(uses=(ResourceUse("line", 0.5),), resources=(line,))
    rates = {s.name: s.capacity for s in problem.stages}

    assert () == findings
    assert (12.0, 24.0) == pytest.approx((rates["ice@plant"], rates["rice@plant"]))
    assert (None, None) == (rates["ice@depot"], rates["rice@depot"])


def test_a_busy_line_needs_more_stock():
    """
    The worst spell of Schoenmeyr and Graves: the nearer to mean demand the capacity, the more stock.
    """
    costs = [
        place(
            uses=(ResourceUse("line", 0.5),),
            resources=(Resource("line", ResourceKind.PRODUCTION, capacity=hours),),
            table=(),
        ).report.objective
        for hours in (1e9, 120.0, 107.0)
    ]

    assert place().report.objective == pytest.approx(costs[0])
    assert costs[0] < costs[1] < costs[2]


def test_mean_demand_above_capacity_is_said_and_planned_all_the_same():
    """
    The finding names the resource, what is needed of it and what it has; stocks are those without it.
    """
    line = Resource("line", ResourceKind.PRODUCTION, capacity=1e9, capacities=(84.0,) * 26)
    given = {"uses": (ResourceUse("line", 0.5),), "resources": (line,)}
    _, findings = read(**given)

    assert [("CAPACITY", "line")] == [(f.kind, f.subject) for f in findings]
    assert "takes 15 a day of `line`, which has 12" in findings[0].message
    assert place().stocks == place(**given).stocks


def test_another_way_of_supply_lifts_the_limit():
    """
    A lane that uses nothing limited brings what the line cannot; one that does adds its own.
    """
    line = Resource("line", ResourceKind.PRODUCTION, capacity=84.0)
    truck = Resource("truck", ResourceKind.TRANSPORT, capacity=10.0, unit_size=14.0)
    uses = (ResourceUse("line", 0.5),)
    other = Lane("z", LaneKind.PURCHASE, "ice@plant", supplier="acme", priority=9)
    free, _ = read(uses=uses, resources=(line,), lanes=(other,))
    by_truck, findings = read(
        uses=uses, resources=(line, truck), lanes=(replace(other, uses=(ResourceUse("truck", 1.0),)),)
    )

    assert free.stages[0].capacity is None
    assert 10.0 / 2 / (12.5 / 12) + 20.0 == pytest.approx(by_truck.stages[0].capacity)
    assert [("CAPACITY", "line")] == [(f.kind, f.subject) for f in findings]  # rice has the line alone


def test_a_cost_table_stands_in_for_the_holding_cost():
    """
    The stage costs what its table says at its net replenishment time, not rate x value x stock.
    """
    table = tuple(3.0 * (n > 2) for n in range(10))
    cost = {s.stage: s for s in place(table=table).stocks}["rice@plant"]

    assert table[int(cost.net_replenishment_time)] == cost.cost


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"table": (1.0, 0.5)}, "stages[2].cost_table[1]"),
        ({"table": (1.0, math.inf)}, "stages[2].cost_table[1]"),
        ({"table": (-1.0,)}, "stages[2].cost_table[0]"),
        ({"table": (1.0, 2.0)}, "stages[rice@plant].cost_table"),
        ({"room": (("", -1.0),)}, "locations[1].storage[0].capacity"),
        ({"room": (("", math.nan),)}, "locations[1].storage[0].capacity"),
        ({"uses": (ResourceUse("nothing", 1.0),)}, "lanes[0].uses[0].resource"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(given, field):
    """
    A typed error with the field.
    """
    with pytest.raises(InvalidNetworkError) as caught:
        place(**given)

    assert field == caught.value.field
