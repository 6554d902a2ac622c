"""From need to order quantity: the release's steps in the release's order, recorded on the order."""

from dataclasses import replace

import pytest

from optimization.network import Location, LotBasis, OrderGroup, Stage, StorageCapacity
from optimization.parameters import PlanningParameters, RoundingStep
from optimization.replenishment.lots import LotRule

MINIMUM, MULTIPLE, MAXIMUM = RoundingStep.MINIMUM, RoundingStep.MULTIPLE, RoundingStep.MAXIMUM


def test_three_lines_of_20_with_a_minimum_of_100_give_100(snapshot, lane, plan):
    """
    The minimum is the supplier's order's, not each line's: 100 in all, not 300.
    """
    known = snapshot(
        dict.fromkeys("xyz", (20.0, 0.0, 0.0, 0.0)),
        lanes=[lane(name, minimum_group="order") for name in "xyz"],
        order_groups=(OrderGroup("order", 100.0),),
    )

    found = plan(known)

    assert 100.0 == sum(o.quantity for o in found.orders)
    assert {0} == {o.order_bucket for o in found.orders}
    assert any("minimum 100 of group order" in o.rounding for o in found.orders)


def test_a_pooled_minimum_may_count_money(snapshot, lane, plan):
    """
    A minimum of 500 at 5 a unit is 100 units.
    """
    known = snapshot(
        {"x": (20.0, 0.0, 0.0, 0.0)},
        lanes=[lane("x", minimum_group="order")],
        order_groups=(OrderGroup("order", 500.0, LotBasis.VALUE),),
    )

    assert [100.0] == [o.quantity for o in plan(known).orders]


def test_minimum_50_and_multiple_3_give_one_order_of_51(snapshot, lane, plan):
    """
    A need of 20 becomes 50, then the next whole multiple; one order, and it says so.
    """
    known = snapshot({"x": (20.0, 0.0, 0.0, 0.0)}, lanes=[lane("x", minimum=50.0, multiple=3.0)])

    (order,) = plan(known).orders

    assert (51.0, 20.0, ("minimum 50", "multiple 3")) == (order.quantity, order.need, order.rounding)


def test_the_release_decides_the_order_of_the_steps(snapshot, lane, plan):
    """
    MULTIPLE before MINIMUM: 20 becomes 21, then 50; the same data, another release.
    """
    known = snapshot({"x": (20.0, 0.0, 0.0, 0.0)}, lanes=[lane("x", minimum=50.0, multiple=3.0)])
    parameters = PlanningParameters(rounding=(MULTIPLE, MINIMUM, MAXIMUM))

    (order,) = plan(known, parameters=parameters).orders

    assert (50.0, ("multiple 3", "minimum 50")) == (order.quantity, order.rounding)


@pytest.mark.parametrize(
    ("steps", "quantity"), [((MINIMUM, MULTIPLE, MAXIMUM), 30.0), ((MAXIMUM, MINIMUM, MULTIPLE), 51.0)]
)
def test_minimum_against_maximum_is_decided_by_the_later_step(snapshot, lane, plan, steps, quantity):
    """
    Maximum 30 later: 30, and the minimum is declared to give way; minimum later: it wins.
    """
    known = snapshot(
        {"x": (20.0, 0.0, 0.0, 0.0)}, lanes=[lane("x", minimum=50.0, multiple=3.0, maximum=30.0)]
    )

    found = plan(known, parameters=PlanningParameters(rounding=steps))

    assert [quantity] == [o.quantity for o in found.orders]
    assert (quantity < 50.0) == any(g.rule == "minimum" for g in found.gave_way)
    assert any(f.kind == "MINIMUM_ABOVE_MAXIMUM" for f in found.findings)


def test_a_maximum_splits_a_need_over_buckets(snapshot, lane, plan):
    """
    At most 8 an order: 20 in bucket 2 arrive in three orders, none above the maximum.
    """
    known = snapshot({"x": (0.0, 0.0, 20.0, 0.0)}, lanes=[lane("x", maximum=8.0)])

    found = plan(known)

    assert () == found.gave_way
    assert 20.0 == sum(o.quantity for o in found.orders)
    assert all(o.quantity <= 8.0 for o in found.orders)


def test_a_minimum_that_does_not_fit_the_store_is_not_ordered(snapshot, lane, plan):
    """
    Storage is hard: demand waits, and the conflict names the minimum and the room.
    """
    known = snapshot(
        {"x": (1.0, 1.0, 1.0, 1.0)},
        lanes=[lane("x", minimum=50.0)],
        locations=(Location("W", storage=(StorageCapacity("", 45.0),)),),
    )

    found = plan(known)

    assert () == found.orders
    assert {"minimum of buy x", "room of W", "demand on time of x in bucket 0"} == set(found.conflicts)


def test_a_maximum_of_no_whole_multiple_leaves_no_quantity(snapshot, lane, plan):
    """
    Nothing can be ordered, and a finding says why.
    """
    found = plan(snapshot({"x": (5.0, 0.0, 0.0, 0.0)}, lanes=[lane("x", multiple=12.0, maximum=10.0)]))

    assert () == found.orders
    assert ["NO_ORDER_QUANTITY"] == [f.kind for f in found.findings]


def test_packs_of_a_unit_are_converted_before_rounding(snapshot, lane, plan):
    """
    A minimum of 2 cases of 12 is 24 pieces.
    """
    from optimization.network import UnitConversion

    known = snapshot(
        {"x": (5.0, 0.0, 0.0, 0.0)},
        lanes=[lane("x", unit="CASE", minimum=2.0, multiple=1.0, unit_cost=60.0)],
        conversions=(UnitConversion("CASE", "EA", 12.0),),
    )

    (order,) = plan(known).orders

    assert (24.0, 120.0) == (order.quantity, order.cost)


def test_rounding_again_changes_nothing():
    """
    What the rule made, the rule allows and leaves as it is.
    """
    for steps in ((MINIMUM, MULTIPLE, MAXIMUM), (MULTIPLE, MINIMUM, MAXIMUM), (MAXIMUM, MULTIPLE, MINIMUM)):
        rule = LotRule(50.0, 3.0, 70.0, steps)
        for need in (1.0, 20.0, 50.0, 51.0, 68.5, 70.0, 200.0):
            quantity, _ = rule.round(need)
            assert rule.allows(quantity)
            if steps.index(MINIMUM) < steps.index(MULTIPLE):
                assert quantity == rule.round(quantity)[0]


def test_an_order_that_stands_is_not_ordered_again(snapshot, lane, plan):
    """
    Released, the first run's order is a receipt of the next run, which orders nothing more.
    """
    from datetime import date, timedelta

    from optimization.network import Firmness, Receipt

    known = snapshot(
        {"x": (20.0, 0.0, 0.0, 0.0)}, lanes=[lane("x", minimum=50.0, multiple=3.0, lead_time=7.0)]
    )
    (order,) = plan(known).orders
    due = date(2026, 11, 30) + timedelta(days=7 * order.due_bucket)
    standing = Receipt("po-1", "x", order.quantity, due, Firmness.RELEASED, lane=order.lane)

    again = replace(known, receipts=(standing,))
    cancelled = plan(known, start=plan(again))

    assert () == plan(again).orders
    assert [(order.id, order.quantity)] == [(o.id, o.quantity) for o in cancelled.orders]


def test_the_corridor_is_soft(snapshot, lane, plan):
    """
    A minimum order of 50 against a corridor of 10 to 30: ordered, and the excess is declared.
    """
    stage = Stage("x", "a", "W", added_cost=5.0, min_stock=10.0, max_stock=30.0)
    found = plan(snapshot({"x": (4.0, 4.0, 4.0, 4.0)}, stages=[stage], lanes=[lane("x", minimum=50.0)]))

    assert [50.0] == [o.quantity for o in found.orders]
    assert {"maximum stock"} == {g.rule for g in found.gave_way if g.tier == 1}
