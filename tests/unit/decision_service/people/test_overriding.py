"""Override: another quantity, day or supplier; its limits, its signature, its end."""

from datetime import date, timedelta

import pytest

from decision_service.errors import ForbiddenError, InvalidRequestError, PreconditionError
from decision_service.usecases.approvals.limits import Wish
from decision_service.usecases.approvals.overriding import Change

from .conftest import BEANS, GRINDER, PUMP, person

PLANNER, OTHER = "dev.patel", "elif.kaya"


def change(expires=None, code="", step=1, **wish):
    return Change(Wish(**wish), code, step, expires)


def code_of(world, ref):
    return world.cases.case(ref[0]).playbook(ref[1]).reason_codes[0]


def override(world, ref, who=PLANNER, code="", **more):
    code = code or code_of(world, ref)
    return world.overriding.perform(ref, change(code=code, **more), person(who))


@pytest.fixture
def small(world):
    """An order that the rules approved."""
    return world.decide((GRINDER, 20.0))[0]


def test_a_change_after_approval_is_signed_by_another(world, small):
    """
    An approved order that is changed waits again; its author cannot sign it, another planner can.
    """
    before = world.order(small).terms
    override(world, small, quantity=40.0)
    with pytest.raises(ForbiddenError) as refused:
        world.approve(small, PLANNER)
    state = world.approve(small, OTHER)

    assert "FOUR_EYES" == refused.value.reason
    assert "APPROVED" == state
    assert (40.0, before.due_date) == (world.order(small).terms.quantity, world.order(small).terms.due_date)
    assert world.order(small).terms.cost > before.cost


def test_a_larger_order_asks_whom_the_rules_ask_about_it(world, small):
    """
    Raised above 25,000 the purchasing manager signs, as if it had been planned so.
    """
    override(world, small, quantity=400.0)

    assert "purchasing-manager" == world.order(small).asked


def test_the_original_can_be_had_back(world, small):
    """
    A rejected override leaves what it replaced, with its old terms and state.
    """
    override(world, small, quantity=40.0)
    state = world.reject(small, OTHER)

    assert "APPROVED" == state
    assert 20.0 == world.order(small).terms.quantity


@pytest.mark.parametrize(
    ("lane", "quantity", "wish", "says"),
    [
        (PUMP, 200.0, {"quantity": 80.0}, "below the minimum"),
        (PUMP, 200.0, {"quantity": 2020.0}, "above the maximum"),
        (PUMP, 200.0, {"quantity": 210.0}, "no multiple"),
        (PUMP, 100.0, {"quantity": 260.0}, "is left"),
        (PUMP, 200.0, {"quantity": 0.0}, "must be above 0"),
        (PUMP, 200.0, {"quantity": float("nan")}, "must be above 0"),
        (PUMP, 200.0, {"due_date": date(2026, 12, 1)}, "sooner than it can arrive"),
        (PUMP, 200.0, {"lane": "BUY:BOILER:PLANT-BRNO:METALWERK"}, "no lane that supplies"),
        (PUMP, 200.0, {"lane": "nowhere"}, "no lane that supplies"),
    ],
)
def test_hard_limits_hold_for_people_too(world, lane, quantity, wish, says):
    """
    Minimum, maximum, multiple, room of the resource, lead time and lane: refused by field.
    """
    (ref,) = world.decide((lane, quantity))
    with pytest.raises(InvalidRequestError) as refused:
        override(world, ref, who="jan.novak", **wish)

    assert "HARD_LIMIT" == refused.value.reason
    assert says in str(refused.value)


def test_days_that_nobody_changes_stay_as_they_are(world, small):
    """
    On the day after its snapshot an order's day of arrival cannot be had any more; its quantity can be changed all
    the same, as it could be placed unchanged. A day that somebody wants is held against today.
    """
    before = world.order(small).terms
    world.later(days=1)
    override(world, small, quantity=40.0)
    with pytest.raises(InvalidRequestError, match="sooner than it can arrive"):
        override(world, small, due_date=before.due_date - timedelta(days=1))

    after = world.order(small).terms
    assert (40.0, before.order_date, before.due_date) == (after.quantity, after.order_date, after.due_date)


def test_another_lane_is_ordered_from_today(world, small):
    """
    Not on a day that is over, when that lane did not hold and from which nothing arrives in time.
    """
    world.later(days=41)
    override(world, small, lane=f"{GRINDER}-2027", quantity=100.0)

    assert date(2027, 1, 10) == world.order(small).terms.order_date


def test_what_the_rules_forbid_nobody_orders(world):
    """
    A supplier that a rule blocks cannot be had by an override.
    """
    lanes = [
        x
        for x in world.cases.case(world.decide((GRINDER, 20.0))[0][0]).known.lanes.values()
        if x.supplier == "OLDMILL"
    ]
    (lane, *_) = lanes
    other = next(
        x
        for x in world.cases.case("decisions/d1").known.lanes.values()
        if x.stage == lane.stage and x.supplier not in ("", "OLDMILL")
    )
    (ref,) = world.decide((other.id, max(other.minimum, 20.0)))
    with pytest.raises(InvalidRequestError) as refused:
        override(world, ref, lane=lane.id)

    assert refused.value.reason in ("HARD_LIMIT", "RULES_FORBID")
    assert "inactive" in str(refused.value)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"code": "BECAUSE"}, "reason_code"),
        ({"step": 0}, "playbook_step"),
        ({"step": 9}, "playbook_step"),
        ({"expires": date(2026, 11, 1)}, "expires"),
        ({"expires": date(2028, 1, 1)}, "expires"),
    ],
)
def test_the_playbook_is_walked(world, small, more, field):
    """
    A reason that the playbook knows, a line of its checklist, an end within a quarter.
    """
    with pytest.raises(InvalidRequestError) as refused:
        override(world, small, quantity=40.0, **more)

    assert [field] == [v.field for v in refused.value.violations]


def test_nothing_changed_is_no_override(world, small):
    """
    The same terms again are refused.
    """
    with pytest.raises(InvalidRequestError) as refused:
        override(world, small, quantity=20.0)

    assert "NOTHING_CHANGED" == refused.value.reason


def test_strangers_change_nothing(world, small):
    """
    Only who answers for the order changes it.
    """
    with pytest.raises(ForbiddenError):
        override(world, small, who="mallory", quantity=40.0)


def test_an_override_ends_with_its_day(world, small):
    """
    After its last day an unsent override falls back, and a person has to look: it was doubted.
    """
    override(world, small, quantity=40.0, due_date=date(2027, 1, 10), expires=date(2026, 12, 2))
    world.approve(small, OTHER)
    world.at += timedelta(days=2, hours=20)
    fired = world.timers.fire()

    assert 1 == fired
    assert ("REFERRED", 20.0) == (world.state(small), world.order(small).terms.quantity)


def test_a_later_plan_flags_the_override(world):
    """
    When the stage is planned anew the override is flagged, and signing it is refused with the new decision.
    """
    (ref,) = world.decide((GRINDER, 20.0), as_plan=True)
    override(world, ref, quantity=40.0)
    world.decide((GRINDER, 30.0), as_plan=True)
    with pytest.raises(PreconditionError) as refused:
        world.approve(ref, OTHER)

    assert "decisions/d2" == world.book.get((ref,))[0].moved_by
    assert {"decision": "decisions/d2"} == refused.value.metadata


def test_two_changes_keep_the_first_original(world):
    """
    A rejected order of another quantity cannot be changed; a referred one can, by who is asked.
    """
    (ref,) = world.decide((BEANS, 3000.0))
    override(world, ref, who="lars.moen", quantity=2800.0)
    with pytest.raises(PreconditionError):
        override(world, ref, who="maria.silva", quantity=2850.0)
    world.approve(ref, "maria.silva")

    assert 2800.0 == world.order(ref).terms.quantity
    assert 3000.0 == world.order(ref).recommended.quantity
