"""Reorder points: the textbook figure, rounding, sources that run short, corridors."""

import math
from datetime import date
from statistics import NormalDist

import pytest

from optimization.network import (
    Component,
    Demand,
    Firmness,
    Item,
    Lane,
    LaneKind,
    Location,
    LocationKind,
    Receipt,
    ServiceLevel,
    ServiceLevelKind,
    Snapshot,
    Stage,
    Supplier,
)
from optimization.parameters import PlanningParameters, StageParameters
from optimization.reorder_points import plan_by_reorder_points
from optimization.validate import validate_snapshot

DAY = date(2026, 11, 30)
PARAMETERS = PlanningParameters(service_level=ServiceLevel(ServiceLevelKind.CYCLE, 0.95))


def world(stage=None, lane=None, receipts=(), stages=(), lanes=()):
    """A DC that buys with 14 days of lead time and sells 70 a week with deviation 20."""
    dc = {"id": "X@DC", "item": "X", "location": "DC", "on_hand": 100.0} | (stage or {})
    buy = {"id": "BUY", "kind": LaneKind.PURCHASE, "stage": "X@DC", "supplier": "S", "lead_time": 14.0, "unit_cost": 2.0, "fixed_cost": 5.0} | (lane or {})  # fmt: skip
    return Snapshot(
        DAY,
        items=(Item("X"), Item("P")),
        locations=(Location("DC"), Location("PLANT", kind=LocationKind.PLANT)),
        suppliers=(Supplier("S"),),
        stages=(Stage(**dc), *stages),
        lanes=(Lane(**buy), *lanes),
        demands=(Demand("X@DC", mean=(70.0,) * 4, std=(20.0,) * 4),),
        receipts=receipts,
    )


def test_the_point_is_the_textbook_s():
    """
    Rate times exposure (14 days + a week of review) and z deviations of demand over it; filled up by a review.
    """
    plan = plan_by_reorder_points(world(), PARAMETERS)
    (point,), (order,) = plan.points, plan.orders
    expected = 10.0 * 21.0 + NormalDist().inv_cdf(0.95) * math.sqrt(21.0) * 20.0 / math.sqrt(7.0)

    assert expected == pytest.approx(point.point)
    assert expected + 70.0 - 100.0 == pytest.approx(order.quantity)
    assert 5.0 + 2.0 * order.quantity == pytest.approx(order.cost)
    assert ("BUY@2026-11-30", 0, 2) == (order.id, order.order_bucket, order.due_bucket)


@pytest.mark.parametrize("on_hand", [400.0, 1000.0])
def test_above_the_point_nothing_is_ordered(on_hand):
    """
    A position above s waits.
    """
    assert () == plan_by_reorder_points(world({"on_hand": on_hand}), PARAMETERS).orders


def test_open_orders_count_and_proposed_ones_as_the_release_says():
    """
    What is on its way is in the position.
    """
    on_its_way = (Receipt("R1", "X@DC", 900.0, DAY, Firmness.RELEASED),)
    proposed = (Receipt("R1", "X@DC", 900.0, DAY, Firmness.PROPOSED),)
    without = PlanningParameters(service_level=PARAMETERS.service_level, counts_proposed_receipts=False)

    assert () == plan_by_reorder_points(world(receipts=on_its_way), PARAMETERS).orders
    assert () == plan_by_reorder_points(world(receipts=proposed), PARAMETERS).orders
    assert 1 == len(plan_by_reorder_points(world(receipts=proposed), without).orders)


def test_a_corridor_is_the_min_and_the_max():
    """
    Where the stage has a minimum and a maximum they are s and S.
    """
    plan = plan_by_reorder_points(world({"min_stock": 120.0, "max_stock": 500.0}), PARAMETERS)

    assert (120.0, 500.0) == (plan.points[0].point, plan.points[0].target)
    assert 400.0 == plan.orders[0].quantity


def test_orders_are_rounded_as_the_release_says():
    """
    Minimum, multiple and maximum of the lane, recorded on the order.
    """
    lane = {"minimum": 50.0, "multiple": 30.0, "maximum": 200.0}
    (order,) = plan_by_reorder_points(world(lane=lane), PARAMETERS).orders

    assert 180.0 == order.quantity
    assert ("multiple 30", "maximum 200") == order.rounding


def test_frozen_stages_and_excluded_suppliers_order_nothing():
    """
    What rules said holds without optimisation too.
    """
    frozen = PlanningParameters(stages={"X@DC": StageParameters(is_frozen=True)})
    excluded = PlanningParameters(stages={"X@DC": StageParameters(excluded_suppliers=("S",))})

    assert () == plan_by_reorder_points(world(), frozen).orders
    assert () == plan_by_reorder_points(world(), excluded).orders


def test_a_plant_sees_the_demand_below_it_and_gives_no_more_than_it_has():
    """
    The DC makes from two parts each: the part stage sees twice the rate, and caps what is made.
    """
    part = Stage("P@PLANT", "P", "PLANT", on_hand=60.0)
    make = Lane("MAKE", LaneKind.PRODUCTION, "X@DC", components=(Component("P@PLANT", 2.0),), lead_time=7.0)
    buy = Lane("BUY-P", LaneKind.PURCHASE, "P@PLANT", supplier="S", lead_time=7.0)
    snapshot = world(lane={"priority": 9}, stages=(part,), lanes=(make, buy))
    assert () == validate_snapshot(snapshot)
    plan = plan_by_reorder_points(snapshot, PARAMETERS)
    points, orders = {p.stage: p for p in plan.points}, {o.lane: o for o in plan.orders}

    assert 20.0 == pytest.approx(points["P@PLANT"].rate)
    assert 30.0 == pytest.approx(orders["MAKE"].quantity)
    assert 0.0 == pytest.approx(points["P@PLANT"].position)
    assert "SOURCE_SHORT" in {f.kind for f in plan.findings}
    assert points["P@PLANT"].target == pytest.approx(orders["BUY-P"].quantity)


def test_stages_that_supply_each_other_end():
    """
    Lateral transfers in a circle are cut somewhere, the same way each time.
    """
    other = Stage("X@PLANT", "X", "PLANT", on_hand=500.0)
    lanes = (
        Lane("A", LaneKind.TRANSFER, "X@DC", source="X@PLANT", lead_time=2.0),
        Lane("B", LaneKind.TRANSFER, "X@PLANT", source="X@DC", lead_time=2.0),
    )
    snapshot = world(lane={"priority": 9}, stages=(other,), lanes=lanes)

    assert plan_by_reorder_points(snapshot, PARAMETERS) == plan_by_reorder_points(snapshot, PARAMETERS)
