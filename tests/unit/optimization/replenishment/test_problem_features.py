"""Each thing a network can have changes the plan the way a planner expects: one test each."""

from datetime import date, timedelta

import pytest

from optimization.network import (
    Calendar,
    Component,
    Demand,
    DemandKind,
    Firmness,
    Item,
    LaneKind,
    Location,
    OrderGroup,
    Receipt,
    Resource,
    ResourceKind,
    ResourceUse,
    Stage,
    StorageCapacity,
    Supplier,
)
from optimization.parameters import PlanningParameters, StageParameters
from optimization.replenishment.read import read_problem

MONDAY = date(2026, 11, 30)


def placed(found):
    return [(o.lane, o.order_bucket, o.due_bucket, o.quantity) for o in found.orders]


def test_transfers_run_sideways_in_a_circle(snapshot, lane, plan):
    """
    What one store has too much of, its neighbour gets; neither is bought.
    """
    stages = [Stage("x", "a", "W", added_cost=5.0, on_hand=9.0), Stage("y", "a", "W", added_cost=5.0)]
    known = snapshot(
        {"y": (4.0, 0.0, 0.0, 0.0)},
        stages=stages,
        lanes=[
            lane("y", id="x to y", kind=LaneKind.TRANSFER, supplier="", source="x", unit_cost=0.1),
            lane("x", id="y to x", kind=LaneKind.TRANSFER, supplier="", source="y", unit_cost=0.1),
        ],
    )

    found = plan(known)

    assert [("x to y", 4.0)] == [(o.lane, o.quantity) for o in found.orders]
    assert any(f.kind == "INSTANT_CIRCLE" for f in found.findings)


def test_a_bill_of_materials_is_exploded(snapshot, lane, plan):
    """
    Two of the part for each of the product, bought a lead time before it is made.
    """
    known = snapshot(
        {"product": (0.0, 0.0, 3.0, 0.0)},
        stages=[Stage("product", "a", "W", added_cost=5.0), Stage("part", "a", "W", added_cost=1.0)],
        lanes=[
            lane(
                "product",
                id="make",
                kind=LaneKind.PRODUCTION,
                supplier="",
                components=(Component("part", 2.0),),
            ),
            lane("part", lead_time=7.0),
        ],
    )

    assert [("buy part", 1, 2, 6.0), ("make", 2, 2, 3.0)] == placed(plan(known))


def test_set_ups_take_capacity(snapshot, lane, plan):
    """
    An hour a unit and two hours an order on a line of ten: eight units a bucket.
    """
    line = Resource("line", ResourceKind.PRODUCTION, capacity=10.0)
    known = snapshot(
        {"x": (0.0, 0.0, 12.0, 0.0)},
        lanes=[lane("x", uses=(ResourceUse("line", 1.0, 2.0),))],
        resources=(line,),
    )

    found = plan(known)

    assert () == found.gave_way
    assert all(o.quantity + 2.0 <= 10.0 for o in found.orders)
    assert 2 == len(found.orders)


def test_trucks_are_whole_and_paid_for(snapshot, lane, plan):
    """
    Seven units in trucks of five are two trucks; the objective pays both.
    """
    truck = Resource("truck", ResourceKind.TRANSPORT, capacity=3.0, unit_size=5.0, unit_cost=100.0)
    known = snapshot(
        {"x": Demand("x", penalty=50.0, mean=(7.0, 0.0, 0.0, 0.0))},
        lanes=[lane("x", uses=(ResourceUse("truck", 1.0),))],
        resources=(truck,),
    )

    assert 200.0 + 7.0 * 5.0 == pytest.approx(plan(known).report.objective)


def test_a_budget_is_money_per_bucket(snapshot, lane, plan):
    """
    25 a bucket buys five at 5 each: 12 in bucket 2 are bought over three buckets.
    """
    budget = Resource("cash", ResourceKind.BUDGET, capacity=25.0)
    known = snapshot(
        {"x": (0.0, 0.0, 12.0, 0.0)}, lanes=[lane("x", uses=(ResourceUse("cash"),))], resources=(budget,)
    )

    found = plan(known)

    assert () == found.gave_way
    assert [2.0, 5.0, 5.0] == [o.quantity for o in found.orders]
    assert all(o.cost <= 25.0 for o in found.orders)


def test_a_supplier_without_capacity_in_a_bucket_delivers_earlier(snapshot, lane, plan):
    """
    Closed in bucket 1, so what bucket 1 needs comes in bucket 0.
    """
    vendor = Resource("vendor", ResourceKind.SUPPLIER, capacities=(9.0, 0.0), capacity=9.0)
    known = snapshot(
        {"x": (0.0, 4.0, 0.0, 0.0)},
        lanes=[lane("x", uses=(ResourceUse("vendor", 1.0),))],
        resources=(vendor,),
    )

    assert [("buy x", 0, 0, 4.0)] == placed(plan(known))


def test_the_preferred_alternate_goes_first_and_the_dearer_one_helps_in_need(snapshot, lane, plan):
    """
    Priority before cost; where the preferred lane is at its maximum, the next one delivers the rest.
    """
    known = snapshot(
        {"x": (9.0, 0.0, 0.0, 0.0)},
        lanes=[
            lane("x", id="first", priority=0, unit_cost=6.0, maximum=6.0),
            lane("x", id="second", priority=1, unit_cost=5.0),
        ],
    )

    assert [("first", 0, 0, 6.0), ("second", 0, 0, 3.0)] == placed(plan(known))


def test_among_equal_priorities_the_cheaper_alternate_wins(snapshot, lane, plan):
    """
    Cost decides where priority does not.
    """
    known = snapshot(
        {"x": (9.0, 0.0, 0.0, 0.0)},
        lanes=[lane("x", id="dear", unit_cost=6.0), lane("x", id="cheap", unit_cost=5.0)],
    )

    assert [("cheap", 0, 0, 9.0)] == placed(plan(known))


def test_an_expired_lane_takes_no_order(snapshot, lane, plan):
    """
    The old price holds until Friday of the first week, the new lane from then on.
    """
    known = snapshot(
        {"x": (2.0, 3.0, 0.0, 0.0)},
        lanes=[
            lane("x", id="old", unit_cost=1.0, effective_to=MONDAY + timedelta(days=4)),
            lane("x", id="new", unit_cost=9.0, effective_from=MONDAY + timedelta(days=7)),
        ],
        bucket_days=7,
    )
    dear = [Stage("x", "a", "W", added_cost=5.0, holding_rate=10.0)]
    known = snapshot({"x": (2.0, 3.0, 0.0, 0.0)}, stages=dear, lanes=known.lanes)

    buckets = {o.lane: o.order_bucket for o in plan(known).orders}

    assert 0 == buckets["old"]
    assert buckets.get("new", 1) >= 1


def test_closed_days_delay_what_arrives(snapshot, lane, plan):
    """
    Five days after Monday is Saturday; the store opens on Tuesday, so it serves the bucket after.
    """
    week = Calendar("week", closed_weekdays=(6, 7, 1))
    known = snapshot(
        {"x": (0.0, 0.0, 4.0, 0.0)},
        lanes=[lane("x", lead_time=5.0)],
        locations=(Location("W", calendar="week"),),
        calendars=(week,),
    )

    assert [("buy x", 0, 2, 4.0)] == placed(plan(known))


def test_orders_wait_for_the_review(snapshot, lane, plan):
    """
    Reviewed every two weeks: no order in buckets 1 and 3.
    """
    stage = Stage("x", "a", "W", added_cost=5.0, review_period=14.0)
    known = snapshot({"x": (2.0, 2.0, 2.0, 2.0)}, stages=[stage])

    assert [("buy x", 0, 0, 4.0), ("buy x", 2, 2, 4.0)] == placed(plan(known))


def test_nothing_is_ordered_in_the_frozen_horizon_or_for_a_frozen_stage(snapshot, plan):
    """
    Frozen buckets and frozen stages take no new order; what they miss is declared late.
    """
    known = snapshot({"x": (2.0, 2.0, 2.0, 2.0), "y": (1.0, 1.0, 1.0, 1.0)})
    parameters = PlanningParameters(frozen_buckets=1, stages={"y": StageParameters(is_frozen=True)})

    found = plan(known, parameters=parameters)

    assert {"buy x"} == {o.lane for o in found.orders}
    assert 1 == min(o.order_bucket for o in found.orders)
    assert {"x", "y"} == {g.subject for g in found.gave_way if g.rule == "late demand"}


def test_no_order_goes_to_an_inactive_or_excluded_supplier(snapshot, lane, plan):
    """
    Both lanes are left out with a finding; the third one delivers.
    """
    known = snapshot(
        {"x": (2.0, 0.0, 0.0, 0.0)},
        lanes=[lane("x", id=f"from {s}", supplier=s) for s in ("gone", "risky", "s")],
        suppliers=(Supplier("gone", is_active=False), Supplier("risky"), Supplier("s")),
    )
    parameters = PlanningParameters(stages={"x": StageParameters(excluded_suppliers=("risky",))})

    found = plan(known, parameters=parameters)

    assert ["from s"] == [o.lane for o in found.orders]
    assert {"INACTIVE_SUPPLIER", "EXCLUDED_SUPPLIER"} == {f.kind for f in found.findings}


def test_a_sale_not_served_is_lost_and_not_asked_for_again(snapshot, lane, plan):
    """
    Nothing can arrive in bucket 0: that demand is lost, and no order makes up for it.
    """
    lost = Demand("x", DemandKind.LOST_SALE, mean=(5.0, 2.0, 0.0, 0.0))
    found = plan(snapshot({"x": lost}, lanes=[lane("x", lead_time=7.0)]))

    assert [("lost demand", 0, 5.0)] == [(g.rule, g.bucket, g.amount) for g in found.gave_way]
    assert 2.0 == sum(o.quantity for o in found.orders)


def test_no_customer_is_turned_away_to_keep_safety_stock(snapshot, lane, plan):
    """
    Five in stock, five wanted, nothing to come: all five are sold, the target is missed instead.
    """
    lost = Demand("x", DemandKind.LOST_SALE, 0.01, mean=(5.0, 0.0, 0.0, 0.0))
    stage = Stage("x", "a", "W", added_cost=5.0, on_hand=5.0)
    found = plan(snapshot({"x": lost}, stages=[stage], lanes=[]), {"x": 5.0})

    assert {"safety stock"} == {g.rule for g in found.gave_way}


def test_what_is_too_old_is_written_off(snapshot, lane, plan):
    """
    Ten in stock that keep for a week: six are never sold in time.
    """
    stage = Stage("x", "a", "W", added_cost=5.0, on_hand=10.0)
    known = snapshot(
        {"x": (4.0, 3.0, 3.0, 3.0)}, stages=[stage], items=(Item("a", value=5.0, shelf_life_days=7),)
    )

    found = plan(known)

    assert 6.0 - 3.0 == sum(g.amount for g in found.gave_way if g.rule == "shelf life")


def test_firm_orders_are_never_moved_and_proposed_ones_by_rule(snapshot, plan):
    """
    Firm, released and travelling orders are supply where they stand; proposed ones if the release says so.
    """
    for firmness in Firmness:
        receipt = Receipt("r", "x", 8.0, MONDAY + timedelta(days=7), firmness)
        known = snapshot({"x": (0.0, 8.0, 0.0, 0.0)}, receipts=(receipt,))
        anew = PlanningParameters(counts_proposed_receipts=False)

        assert () == plan(known).orders
        assert (firmness is Firmness.PROPOSED) == bool(plan(known, parameters=anew).orders)


def test_storage_limits_what_may_arrive(snapshot, plan):
    """
    Room for ten: stock at the end of a bucket never takes more, although buying ahead would be cheaper.
    """
    known = snapshot(
        {"x": (6.0, 6.0, 6.0, 6.0)}, locations=(Location("W", storage=(StorageCapacity("", 10.0),)),)
    )

    found = plan(known, {"x": 10.0})

    assert not [g for g in found.gave_way if g.tier > 1]
    assert all(g.rule == "safety stock" for g in found.gave_way)


def test_lead_time_is_the_measured_one_where_it_was_measured(snapshot, lane, plan):
    """
    Promised a week, delivered in two: two weeks are planned.
    """
    known = snapshot(
        {"x": (0.0, 0.0, 3.0, 0.0)},
        lanes=[lane("x", lead_time=7.0)],
        suppliers=(Supplier("s", lead_time_mean=14.0),),
    )

    assert [("buy x", 0, 2, 3.0)] == placed(plan(known))


def test_stock_does_not_change_places_to_be_held_by_nobody(snapshot, lane, plan):
    """
    Two stores with stock for weeks and a free lane each way: on the road it costs what it costs to let it lie.
    """
    stages = [
        Stage(name, "a", "W", added_cost=5.0, on_hand=60.0, holding_rate=0.5, max_stock=40.0) for name in "xy"
    ]
    known = snapshot(
        {"x": (5.0,) * 4, "y": (5.0,) * 4},
        stages=stages,
        lanes=[
            lane(
                "y", id="there", kind=LaneKind.TRANSFER, supplier="", source="x", unit_cost=0.0, lead_time=7.0
            ),
            lane(
                "x", id="back", kind=LaneKind.TRANSFER, supplier="", source="y", unit_cost=0.0, lead_time=7.0
            ),
        ],
    )

    assert [] == placed(plan(known))


@pytest.mark.parametrize("name", ["aside", "sideways"])
def test_a_lane_from_a_neighbour_does_not_say_what_a_unit_is_worth(snapshot, lane, name):
    """
    Goods bought for 5 are worth 5, whatever a neighbour's lane is called and however little it costs.
    """
    aside = {"kind": LaneKind.TRANSFER, "supplier": "", "unit_cost": 0.1, "lead_time": 7.0}
    known = snapshot(
        {"x": (5.0,), "y": (5.0,)},
        stages=[Stage("x", "a", "W"), Stage("y", "a", "W")],
        lanes=[
            *(lane(n) for n in "xy"),
            lane("x", id=f"{name} 1", source="y", **aside),
            lane("y", id=f"{name} 2", source="x", **aside),
        ],
    )

    assert [5.0, 5.0] == read_problem(known, {}, PlanningParameters()).stages.value.tolist()


def test_a_lane_back_does_not_hide_what_a_transfer_brings_is_worth(snapshot, lane):
    """
    Bought for 5, moved for 0.1, and returned at times; where there is no lane at all the item's value stands in.
    """
    aside = {"kind": LaneKind.TRANSFER, "supplier": "", "unit_cost": 0.1}
    known = snapshot(
        {"x": (5.0,), "y": (5.0,), "z": (5.0,)},
        stages=[Stage("x", "a", "W"), Stage("y", "a", "W"), Stage("z", "a", "W")],
        lanes=[
            lane("x"),
            lane("x", id="return", source="y", **aside),
            lane("y", id="move", source="x", **aside),
        ],
    )

    values = read_problem(known, {}, PlanningParameters()).stages.value.tolist()

    assert [5.0, pytest.approx(5.1), 5.0] == values


@pytest.mark.parametrize(
    "instant", [{"lead_time": 3.0, "lead_time_distribution": ((0.0, 1.0),)}, {"lead_time": 1e-9}]
)
def test_circles_take_time_however_it_is_stated(snapshot, lane, plan, instant):
    """
    A mean of a distribution, a rounding error of a day: in no time goods are in two places.
    """
    known = snapshot(
        {"x": (4.0,) * 4, "y": (4.0,) * 4},
        lanes=[
            lane("x", minimum=50.0),
            lane("y", id="there", kind=LaneKind.TRANSFER, supplier="", source="x", **instant),
            lane("x", id="back", kind=LaneKind.TRANSFER, supplier="", source="y", **instant),
        ],
    )

    found = plan(known)

    assert ["back", "there"] == [f.subject for f in found.findings if f.kind == "INSTANT_CIRCLE"]


def test_a_review_period_between_two_buckets_waits_for_the_next_one(snapshot, plan):
    """
    Every ten days with weeks as buckets: on days 0, 10, 20 and 30, so in buckets 0, 2, 3 and 5.
    """
    stages = [Stage("x", "a", "W", added_cost=5.0, review_period=10.0)]
    found = plan(snapshot({"x": (2.0,) * 6}, stages=stages, horizon=6))

    assert [("buy x", 0, 0, 4.0), ("buy x", 2, 2, 2.0), ("buy x", 3, 3, 4.0), ("buy x", 5, 5, 2.0)] == placed(
        found
    )


def test_what_lasts_less_than_a_bucket_is_not_kept_for_the_next(snapshot, lane, plan):
    """
    Three days of life and weekly buckets: each week is bought in that week, whatever an order costs.
    """
    known = snapshot(
        {"x": Demand("x", penalty=9.0, mean=(5.0, 5.0, 5.0, 5.0))},
        items=(Item("a", value=5.0, shelf_life_days=3),),
        lanes=[lane("x", fixed_cost=8.0)],
    )

    assert [("buy x", t, t, 5.0) for t in range(4)] == placed(plan(known))


@pytest.mark.parametrize("kind", list(DemandKind))
def test_freight_is_part_of_what_it_costs_to_supply(snapshot, lane, plan, kind):
    """
    Trucks as dear as the goods: demand is served, not left open for ever because that spares them.
    """
    known = snapshot(
        {"x": Demand("x", kind, mean=(12.0, 12.0, 12.0, 12.0))},
        lanes=[lane("x", uses=(ResourceUse("truck", 1.0),))],
        resources=(Resource("truck", ResourceKind.TRANSPORT, capacity=2.0, unit_size=6.0, unit_cost=36.0),),
    )

    assert [("buy x", t, t, 12.0) for t in range(4)] == placed(plan(known))


def test_a_dear_source_is_no_reason_to_pass_over_a_preferred_lane(snapshot, lane, plan):
    """
    What the preferred transfer takes from its centre counts into the spread that a rank of priority outweighs.
    """
    known = snapshot(
        {"x": (10.0, 0.0, 0.0, 0.0)},
        stages=[Stage("x", "a", "W"), Stage("centre", "a", "W")],
        lanes=[
            lane("centre", unit_cost=20.0),
            lane("x", id="move", kind=LaneKind.TRANSFER, supplier="", source="centre", unit_cost=0.0),
            lane("x", id="buy", unit_cost=5.0, priority=1),
        ],
    )

    assert {"buy centre", "move"} == {o.lane for o in plan(known).orders}


def test_a_pooled_minimum_on_a_transfer_is_brought_in(snapshot, lane, plan):
    """
    The centre may order in one order what the minimum takes from it, far above what anybody needs.
    """
    known = snapshot(
        {"x": Demand("x", penalty=99.0, mean=(5.0, 0.0, 0.0, 0.0))},
        stages=[Stage("x", "a", "W"), Stage("centre", "a", "W")],
        lanes=[
            lane("centre"),
            lane("x", id="move", kind=LaneKind.TRANSFER, supplier="", source="centre", minimum_group="g"),
        ],
        order_groups=(OrderGroup("g", 100.0),),
    )

    assert [("buy centre", 0, 0, 100.0), ("move", 0, 0, 100.0)] == placed(plan(known))
