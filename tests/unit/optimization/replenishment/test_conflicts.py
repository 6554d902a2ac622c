"""What gave way, and the smallest set of requirements that could not all be kept."""

import time
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from optimization.network import (
    Component,
    Demand,
    Firmness,
    Item,
    Lane,
    LaneKind,
    Location,
    OrderGroup,
    Receipt,
    Resource,
    ResourceKind,
    ResourceUse,
    Snapshot,
    Stage,
    StorageCapacity,
    Supplier,
)  # fmt: skip
from optimization.parameters import PlanningParameters
from optimization.replenishment import conflicts, plan_replenishment
from optimization.report import SolveLimits

MONDAY = date(2026, 11, 30)


def buy(stage, **differences):
    return Lane(f"buy {stage}", LaneKind.PURCHASE, stage, supplier="s", **({"multiple": 1.0} | differences))


def network(stages, lanes, demands, **more):
    return Snapshot(
        MONDAY, horizon=3, items=(Item("a", value=5.0, volume=1.0),), suppliers=(Supplier("s"),),
        **{"locations": (Location("W"),)} | more,
        stages=tuple(Stage(s, "a", "W", added_cost=5.0) if isinstance(s, str) else s for s in stages),
        lanes=tuple(lanes), demands=tuple(Demand(s, mean=m) for s, m in demands.items()),
    )  # fmt: skip


def plan_of(snapshot, stocks=None, **limits):
    return plan_replenishment(snapshot, stocks or {}, PlanningParameters(), SolveLimits(gap=1e-9, **limits))


def test_capacity_that_two_demands_need_is_the_conflict():
    """
    Demand asked for, the rival's demand and the capacity: each needed, nothing else named.
    """
    use = (ResourceUse("vendor", 1.0),)
    snapshot = network(
        ["x", "y"],
        [buy("x", uses=use), buy("y", uses=use)],
        {"x": (6.0, 0.0, 0.0), "y": (6.0, 0.0, 0.0)},
        resources=(Resource("vendor", ResourceKind.SUPPLIER, capacity=8.0),),
    )

    plan = plan_of(snapshot)

    late = next(g for g in plan.gave_way if g.rule == "late demand")
    rival = {"x": "y", "y": "x"}[late.subject]
    expected = {f"demand on time of {late.subject} in bucket 0", f"demand of {rival}", "capacity of vendor"}
    assert expected == set(plan.conflicts)


def test_a_conflict_of_integrality_alone_is_found():
    """
    A minimum order of 50 and a store of 45 for a demand of 1: no relaxation shows it.
    """
    snapshot = network(
        ["x"],
        [buy("x", minimum=50.0)],
        {"x": (1.0, 1.0, 1.0)},
        locations=(Location("W", storage=(StorageCapacity("", 45.0),)),),
    )

    plan = plan_of(snapshot)

    assert () == plan.orders
    expected = {"demand on time of x in bucket 0", "minimum of buy x", "room of W"}
    assert expected == set(plan.conflicts)


def test_maximum_against_demand():
    """
    One order a bucket of at most 4 cannot bring 9.
    """
    plan = plan_of(network(["x"], [buy("x", maximum=4.0)], {"x": (9.0, 0.0, 0.0)}))

    assert {"demand on time of x in bucket 0", "maximum of buy x"} == set(plan.conflicts)


def test_a_pooled_minimum_against_room():
    """
    The group's minimum does not fit either.
    """
    snapshot = network(
        ["x"],
        [buy("x", minimum_group="g")],
        {"x": (1.0, 1.0, 1.0)},
        locations=(Location("W", storage=(StorageCapacity("", 45.0),)),),
        order_groups=(OrderGroup("g", 50.0),),
    )

    plan = plan_of(snapshot)

    expected = {"demand on time of x in bucket 0", "pooled minimum of g", "room of W"}
    assert expected == set(plan.conflicts)


def test_demand_before_anything_can_arrive_conflicts_with_lead_times():
    """
    Where no rule could be left out, what is given is named.
    """
    plan = plan_of(network(["x"], [buy("x", lead_time=14.0)], {"x": (3.0, 0.0, 0.0)}))

    assert ("demand on time of x in bucket 0", "lead times") == plan.conflicts


def test_what_gives_way_to_money_is_no_conflict():
    """
    An order too dear for one unit a day late: late, and nobody to blame.
    """
    snapshot = network(["x"], [buy("x", fixed_cost=1e6)], {"x": (1.0, 0.0, 0.0)})

    plan = plan_of(snapshot)

    assert ["late demand"] * 3 == [g.rule for g in plan.gave_way]
    assert () == plan.conflicts


def test_behind_many_that_gave_way_to_money_a_conflict_is_found(monkeypatch):
    """
    Nine stages where one order is too dear come first; three of them, once work is counted out.
    """
    dear = [f"a{k}" for k in range(9)]
    snapshot = network(
        [*dear, "x"],
        [*(buy(name, fixed_cost=1e6) for name in dear), buy("x", maximum=4.0)],
        {**dict.fromkeys(dear, (9.0, 0.0, 0.0)), "x": (5.0, 0.0, 0.0)},
    )

    plan = plan_of(snapshot)
    monkeypatch.setattr(conflicts, "_WORK", 0)

    assert {"demand on time of x in bucket 0", "maximum of buy x"} == set(plan.conflicts)
    assert "x" not in [row.subject for row in plan.gave_way[:9]]
    assert () == plan_of(snapshot).conflicts


def test_firm_orders_that_overfill_a_store_give_way_in_the_hard_tier():
    """
    Nothing planning could do: the room gives way by what is too much, and no order adds to it.
    """
    receipt = Receipt("r", "x", 60.0, MONDAY, Firmness.RELEASED)
    snapshot = network(
        ["x"],
        [buy("x")],
        {"x": (5.0, 5.0, 5.0)},
        locations=(Location("W", storage=(StorageCapacity("", 45.0),)),),
        receipts=(receipt,),
    )

    plan = plan_of(snapshot)

    assert () == plan.orders
    assert [("room", 0, pytest.approx(10.0), 3), ("room", 1, pytest.approx(5.0), 3)] == [
        (g.rule, g.bucket, g.amount, g.tier) for g in plan.gave_way
    ]


def test_a_thousand_rows_in_a_second():
    """
    Thirty rivals for one supplier: the conflict is found within a second of CPU and is no longer than it must be.
    """
    use, names = (ResourceUse("vendor", 1.0),), [f"i{k:02}" for k in range(30)]
    snapshot = replace(
        network(
            names,
            [buy(n, uses=use, minimum=6.0, multiple=3.0) for n in names],
            dict.fromkeys(names, (5.0,) * 12),
            resources=(Resource("vendor", ResourceKind.SUPPLIER, capacity=100.0),),
        ),
        horizon=12,
    )
    from optimization.replenishment.conflicts import find_conflict
    from optimization.replenishment.gave_way import what_gave_way
    from optimization.replenishment.heuristic import construct
    from optimization.replenishment.model import build_model
    from optimization.replenishment.read import read_problem

    problem = read_problem(snapshot, {}, PlanningParameters())
    state = construct(problem)
    started = time.process_time()
    found = find_conflict(problem, state, what_gave_way(problem, state))
    seconds = time.process_time() - started

    assert build_model(problem)[0].rows > 1_000
    assert "capacity of vendor" in found
    assert seconds < 1.0


def test_overdue_receipts_are_expected_at_once():
    """
    A receipt due last week covers demand of the first bucket.
    """
    receipt = Receipt("r", "x", 5.0, MONDAY - timedelta(days=7), Firmness.FIRM)
    plan = plan_of(network(["x"], [buy("x")], {"x": (5.0, 0.0, 0.0)}, receipts=(receipt,)))

    assert ((), ()) == (plan.orders, plan.gave_way)


def test_in_a_large_part_the_largest_rivals_are_looked_at():
    """
    Hundreds of items share a vendor: the conflict is found among the largest, the others as planned.
    """
    names = [f"s{k:03d}" for k in range(150)]
    use = (ResourceUse("vendor", 1.0),)
    snapshot = replace(
        network(
            names,
            [buy(name, uses=use) for name in names],
            {name: (float(1 + k % 7),) * 26 for k, name in enumerate(names)},
            resources=(Resource("vendor", ResourceKind.SUPPLIER, capacity=400.0),),
        ),
        horizon=26,
    )

    plan = plan_of(snapshot, slices=1)

    late = next(g for g in plan.gave_way if g.rule == "late demand")
    asked, *rivals, capacity, others = plan.conflicts
    assert asked == f"demand on time of {late.subject} in bucket {late.bucket}"
    assert rivals
    assert all(rival.startswith("demand of ") for rival in rivals)
    assert capacity == "capacity of vendor"
    assert others == "the plan of 126 other item-locations"


def test_in_a_large_part_the_one_that_asks_is_looked_at_however_much_is_upstream(monkeypatch):
    """
    With more stages upstream than are looked at, the stage that gave way is still among them.
    """
    names = ["a", "b", "c", "d"]
    moves = [
        Lane(f"to {child}", LaneKind.TRANSFER, child, source=parent, multiple=1.0)
        for parent, child in pairwise(names)
    ]
    snapshot = network(
        [Stage(name, "a", name, added_cost=5.0) for name in names],
        [buy("a"), *moves[:-1], replace(moves[-1], maximum=4.0)],
        {"d": (9.0, 0.0, 0.0)},
        locations=tuple(Location(name) for name in names),
    )
    monkeypatch.setattr(conflicts, "_ROWS", 8)
    monkeypatch.setattr(conflicts, "_NEAR", 2)
    looked_at = []

    def look(part, _state, _row):
        looked_at.append(part.problem.stages.ids)
        return ("found",) if len(looked_at) == 2 else ()

    monkeypatch.setattr(conflicts, "_conflict_in", look)

    plan = plan_of(snapshot)

    assert looked_at == [("a", "b", "c", "d"), ("a", "d")]
    assert plan.conflicts == ("found", "the plan of 2 other item-locations")


def test_what_nothing_supplies_is_said(snapshot, lane, plan):
    """
    No lane, or none to a part: that is what demand conflicts with, not how long a lane takes.
    """
    stages = [Stage("x", "a", "W", added_cost=5.0), Stage("part", "a", "W", on_hand=3.0)]
    make = Lane("make", LaneKind.PRODUCTION, "x", components=(Component("part", 1.0),), multiple=1.0)

    alone = plan(snapshot({"x": (4.0, 0.0, 0.0, 0.0)}, lanes=[]))
    made = plan(snapshot({"x": (4.0, 0.0, 0.0, 0.0)}, stages=stages, lanes=[make]))

    assert ("demand on time of x in bucket 0", "nothing supplies x") == alone.conflicts
    assert ("demand on time of x in bucket 0", "lead times, nothing supplies part") == made.conflicts
