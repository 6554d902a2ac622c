"""Numbers that cannot be meant, or that a solver cannot tell from nothing: always an answer, never a false one."""

from dataclasses import replace
from datetime import date

import pytest

from optimization.check import check_plan
from optimization.errors import InvalidNetworkError
from optimization.network import (
    Calendar,
    Demand,
    Firmness,
    Item,
    Location,
    OrderGroup,
    Receipt,
    Resource,
    ResourceKind,
    ResourceUse,
    StorageCapacity,
)
from optimization.parameters import PlanningParameters
from optimization.replenishment import explain_order, plan_replenishment
from optimization.report import SolveLimits, Termination
from optimization.validate import validate_snapshot

EVEN = {"x": (10.0, 10.0, 10.0, 10.0)}


@pytest.mark.parametrize(
    "lot",
    [
        {"minimum": 1e10, "multiple": 7.0},
        {"minimum": 1e9, "multiple": 0.0},
        {"multiple": 1e15},
        {"minimum": 1e10, "multiple": 0.0, "fixed_cost": 5.0},
    ],
)
def test_an_order_a_million_times_the_need_is_a_typing_error(snapshot, lane, plan, lot):
    """
    The lane is left out with a finding: a solver would look for ever, or plan less than the minimum.
    """
    found = plan(snapshot(EVEN, lanes=[lane("x", **lot)]))

    assert [] == list(found.orders)
    assert ["ORDER_BEYOND_NEED"] == [f.kind for f in found.findings]
    assert Termination.OPTIMAL is found.report.termination
    assert ("demand on time of x in bucket 0", "lead times, order beyond need") == found.conflicts


def test_a_large_minimum_of_what_is_needed_in_bulk_is_none(snapshot, lane, plan):
    """
    The need counts, not the number.
    """
    found = plan(snapshot({"x": (1e9, 1e9, 1e9, 1e9)}, lanes=[lane("x", minimum=3e9, multiple=0.0)]))

    assert () == found.findings
    assert all(o.quantity >= 3e9 for o in found.orders)
    assert 4e9 <= sum(o.quantity for o in found.orders)


@pytest.mark.parametrize("fixed_cost", [0.0, 5.0])
def test_a_millionth_of_a_minimum_is_no_order(snapshot, lane, plan, fixed_cost):
    """
    A solver takes a millionth of a set-up for none; the plan has no such order, and is not called optimal for it.
    """
    uses = {"minimum": 1e6, "multiple": 0.0, "fixed_cost": fixed_cost, "uses": (ResourceUse("r", 1.0),)}
    known = snapshot(
        {"x": (1.0,) * 4, "y": (1.0,) * 4},
        lanes=[lane("x", **uses), lane("y", **uses)],
        resources=(Resource("r", ResourceKind.SUPPLIER, capacity=9.0),),
    )

    found = plan(known)

    assert [] == list(found.orders)
    is_proven = found.report.objective - found.report.bound <= 1e-6 * found.report.objective
    assert is_proven or found.report.termination is not Termination.OPTIMAL


def test_a_millionth_of_a_pooled_minimum_is_no_order(snapshot, lane, plan):
    """
    Nor is it for a group.
    """
    known = snapshot(
        {"x": (1.0,) * 4, "y": (1.0,) * 4},
        lanes=[lane(n, minimum_group="g", multiple=0.0) for n in "xy"],
        order_groups=(OrderGroup("g", 5e6),),
    )

    assert [] == list(plan(known).orders)


def test_a_pooled_minimum_a_million_times_the_need_is_a_typing_error(snapshot, lane, plan):
    """
    Its lanes are left out.
    """
    known = snapshot(
        EVEN, lanes=[lane("x", minimum_group="g", fixed_cost=1.0)], order_groups=(OrderGroup("g", 1e12),)
    )

    assert ["ORDER_BEYOND_NEED"] == [f.kind for f in plan(known).findings]


def test_what_the_solver_does_not_take_is_planned_all_the_same(snapshot, lane):
    """
    A set-up of 1e15: HiGHS refuses the model, and with it bound, prices and conflict, but there is a plan.
    """
    known = snapshot(
        {**EVEN, "y": (10.0,) * 4},
        lanes=[lane("x", uses=(ResourceUse("r", 1.0, 1e15),)), lane("y", uses=(ResourceUse("r", 1.0),))],
        resources=(Resource("r", ResourceKind.SUPPLIER, capacity=10.0),),
    )

    found = plan_replenishment(known, {}, PlanningParameters(), SolveLimits())

    assert () == check_plan(known, {}, PlanningParameters(), found)
    assert {"y"} == {o.stage for o in found.orders}
    assert 0.0 == found.report.bound
    assert explain_order(known, {}, PlanningParameters(), found, found.orders[0].id).demand


@pytest.mark.parametrize(
    ("field", "differences"),
    [
        ("lanes[0].multiple", {"multiple": 1e-310}),
        ("lanes[0].uses[0].per_unit", {"uses": (ResourceUse("r", 1e-310),)}),
    ],
)
def test_sizes_too_small_to_count_are_refused(snapshot, lane, field, differences):
    """
    A use of 1e-310 made costs that are no number; a lot of it, an overflow.
    """
    known = snapshot(
        EVEN,
        lanes=[lane("x", **differences)],
        resources=(Resource("r", ResourceKind.SUPPLIER, capacity=9.0),),
    )

    with pytest.raises(InvalidNetworkError, match="too small to count") as refused:
        validate_snapshot(known)
    assert field == refused.value.field


@pytest.mark.parametrize("volume", [0.0, 1e-9])
def test_no_size_and_the_least_one_are_taken(snapshot, volume):
    """
    A cubic millimetre is a volume.
    """
    known = snapshot(
        EVEN,
        items=(Item("a", value=5.0, volume=volume),),
        locations=(Location("W", storage=(StorageCapacity("", 1.0),)),),
    )

    assert () == validate_snapshot(known)


def test_a_receipt_due_in_9999_never_comes(snapshot, plan):
    """
    ERPs say never so; the place is closed on that Friday, and no calendar goes on after it.
    """
    known = snapshot(
        {"x": Demand("x", mean=(10.0,))},
        calendars=(Calendar("week", (5,)),),
        locations=(Location("W", calendar="week"),),
        receipts=(Receipt("r", "x", 5.0, date(9999, 12, 31), Firmness.FIRM),),
    )

    assert 40.0 == sum(o.quantity for o in plan(known).orders)


@pytest.mark.parametrize(
    ("field", "differences"),
    [("as_of", {"as_of": date(9999, 12, 20)}), ("horizon", {"horizon": 3_660, "bucket_days": 366})],
)
def test_no_plan_runs_off_the_calendar(snapshot, field, differences):
    """
    A day that cannot be meant is refused with its field, not met half way.
    """
    with pytest.raises(InvalidNetworkError) as refused:
        validate_snapshot(replace(snapshot(EVEN), **differences))
    assert field == refused.value.field
