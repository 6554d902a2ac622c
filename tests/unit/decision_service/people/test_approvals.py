"""Approve and reject: who, in which order, and what is refused."""

from datetime import date, timedelta

import pytest

from audit import place_hold
from decision_service.decision import Scope
from decision_service.errors import (
    ForbiddenError,
    InvalidRequestError,
    MovedError,
    NotFoundError,
    PreconditionError,
)
from decision_service.usecases.approvals.book import OrderFilter, place_of
from decision_service.usecases.approvals.judging import Action
from decision_service.usecases.approvals.order_record import OrderState
from decision_service.usecases.approvals.refusals import REFUSAL
from rules import Delegation

from .conftest import BEANS, GRINDER, person

LARGE, SMALL = (BEANS, 3000.0), (GRINDER, 20.0)


def inbox(world, **wanted):
    return world.book.list(OrderFilter(states=(OrderState.REFERRED,), is_standing=True, **wanted), 100)


def test_an_order_waits_with_all_that_an_approver_needs(world):
    """
    The inbox of a role has the order with reason, value, deadline and what happens then.
    """
    (ref,) = world.decide(LARGE)
    (found,) = inbox(world, roles=("purchasing-manager",))

    assert ref == (found.record.decision, found.record.order)
    assert "REFERRED" == found.record.state
    assert found.record.terms.cost > 25000
    assert world.at + timedelta(days=3) == found.record.deadline
    assert "ESCALATE" == found.record.on_timeout
    assert "above 25,000 the purchasing manager decides" in found.record.reasons[0]
    assert () == inbox(world, roles=("finance-controller",))


def test_what_the_rules_approve_waits_for_nobody(world):
    """
    An order below every limit is approved by the decision itself.
    """
    (ref,) = world.decide(SMALL)

    assert "APPROVED" == world.state(ref)
    assert () == inbox(world)


def test_a_member_of_the_role_approves(world):
    """
    A purchasing manager signs, and the order may be released.
    """
    (ref,) = world.decide(LARGE)

    assert "APPROVED" == world.approve(ref, "lars.moen")
    assert ["lars.moen"] == [s.actor for s in world.order(ref).signatures]


def test_two_tables_that_refer_are_two_tiers(world):
    """
    Each role signs, in the order of the tables, and only the last signature approves.
    """
    (ref,) = world.decide((BEANS, 12000.0))
    record = world.order(ref)
    roles = [tier.role for tier in record.tiers]

    assert 2 <= len(roles)
    charter = world.releases.load(record.release).charter
    for role in roles:
        assert "REFERRED" == world.state(ref)
        assert role == world.order(ref).asked
        world.approve(ref, charter.role(role).members[0])
    assert "APPROVED" == world.state(ref)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("quinn.murphy", "NOT_IN_ROLE"),
        ("mallory", "NOT_IN_ROLE"),
        ("lars.moen", "FOUR_EYES"),
    ],
)
def test_strangers_and_the_asker_do_not_sign(world, who, reason):
    """
    Not in the role, or in whose name it was asked: refused with the reason, and the attempt is logged.
    """
    (ref,) = world.decide(LARGE, on_behalf_of="lars.moen")
    size = world.ledger.size
    with pytest.raises(ForbiddenError) as refused:
        world.approve(ref, who)

    assert reason == refused.value.reason
    assert [REFUSAL] == world.kinds(size)
    assert "REFERRED" == world.state(ref)


def test_whoever_asked_signs_at_no_amount(world):
    """
    Separation of duties: a purchasing manager who asks for a decision cannot sign its orders.
    """
    (ref,) = world.decide(LARGE, caller=person("maria.silva", "planner"))
    with pytest.raises(ForbiddenError) as refused:
        world.approve(ref, "maria.silva")

    assert "FOUR_EYES" == refused.value.reason
    assert "APPROVED" == world.approve(ref, "lars.moen")


def test_approving_twice_is_refused(world):
    """
    The second approval finds nobody asked, and is logged.
    """
    (ref,) = world.decide(LARGE)
    world.approve(ref, "lars.moen")
    with pytest.raises(PreconditionError) as refused:
        world.approve(ref, "maria.silva")

    assert "ORDER_APPROVED" == refused.value.reason


def test_after_the_deadline_nobody_signs(world):
    """
    A signature that comes too late is refused, also before the timer has fired.
    """
    (ref,) = world.decide(LARGE)
    world.later(days=3)
    with pytest.raises(PreconditionError) as refused:
        world.approve(ref, "lars.moen")

    assert "DEADLINE_PASSED" == refused.value.reason


def test_rejected_is_the_end(world):
    """
    A rejected order is approved by nobody.
    """
    (ref,) = world.decide(LARGE)

    assert "REJECTED" == world.reject(ref, "lars.moen")
    with pytest.raises(PreconditionError) as refused:
        world.approve(ref, "maria.silva")
    assert "ORDER_REJECTED" == refused.value.reason


def lend(world, giver="lars.moen", taker="uma.khan", start=0, days=5):
    first = world.at.date() + timedelta(days=start)
    lent = Delegation("purchasing-manager", giver, taker, first, first + timedelta(days=days), "leave")
    return world.delegations.delegate(lent, person(giver))


def test_a_delegate_signs_within_the_days(world):
    """
    Lent from one day to another: before and after it is refused as expired, in between it counts.
    """
    (ref,) = world.decide(LARGE)
    lend(world, start=1, days=0)
    with pytest.raises(ForbiddenError) as early:
        world.approve(ref, "uma.khan")
    world.later(days=1)
    state = world.approve(ref, "uma.khan")
    (other,) = world.decide((BEANS, 3050.0))
    world.later(days=1)
    with pytest.raises(ForbiddenError) as late:
        world.approve(other, "uma.khan")

    assert "APPROVED" == state
    assert ("uma.khan", "lars.moen") == (
        world.order(ref).signatures[0].actor,
        world.order(ref).signatures[0].giver,
    )
    assert ["DELEGATION_NOT_IN_FORCE"] * 2 == [early.value.reason, late.value.reason]


def test_a_legal_hold_on_the_delegations_ends_none(world):
    """
    The hold is an entry of the same name: what was lent stays lent.
    """
    (ref,) = world.decide(LARGE)
    lend(world)
    place_hold(world.ledger, "delegations", "law suit", "olga")

    assert "APPROVED" == world.approve(ref, "uma.khan")


def test_a_delegate_is_no_way_around_four_eyes(world):
    """
    Who asked cannot have a delegate sign in their right.
    """
    (ref,) = world.decide(LARGE, on_behalf_of="lars.moen")
    lend(world)
    with pytest.raises(ForbiddenError) as refused:
        world.approve(ref, "uma.khan")

    assert "FOUR_EYES" == refused.value.reason


@pytest.mark.parametrize(
    ("giver", "taker", "start", "days", "reason"),
    [
        ("mallory", "uma.khan", 0, 3, "NOT_IN_ROLE"),
        ("lars.moen", "lars.moen", 0, 3, "DELEGATION_INVALID"),
        ("lars.moen", "uma.khan", 0, -1, "DELEGATION_INVALID"),
        ("lars.moen", "uma.khan", -9, 3, "DELEGATION_INVALID"),
        ("lars.moen", "uma.khan", 0, 500, "DELEGATION_INVALID"),
    ],
)
def test_delegations_that_make_no_sense(world, giver, taker, start, days, reason):
    """
    Only a member lends, to another person, for days to come, for a quarter at most.
    """
    with pytest.raises((ForbiddenError, InvalidRequestError)) as refused:
        lend(world, giver, taker, start, days)

    assert reason == refused.value.reason


def test_a_later_plan_takes_the_place_of_what_waits(world):
    """
    Once the stage is planned anew the earlier order is neither in the inbox nor signed nor handed over.
    """
    (waiting,) = world.decide(LARGE, as_plan=True)
    (approved,) = world.decide(SMALL, as_plan=True)
    world.decide(LARGE, as_plan=True)
    world.decide(SMALL, as_plan=True)
    with pytest.raises(PreconditionError) as refused:
        world.approve(waiting, "lars.moen")
    handed_over = [(i.decision, i.order) for i in world.outbox.take(10, person("erp-1", "erp"))]

    assert "PLAN_MOVED" == refused.value.reason
    assert waiting not in [(b.record.decision, b.record.order) for b in inbox(world)]
    assert approved not in handed_over
    assert 1 == len(handed_over)


def test_judged_proposals_replace_nothing(world):
    """
    A second judged proposal for the same stage stands beside the first.
    """
    (first,) = world.decide(LARGE)
    world.decide(LARGE)

    assert "APPROVED" == world.approve(first, "lars.moen")


def test_a_grant_for_one_unit_sees_no_other(world):
    """
    Outside of the grant an order does not exist, whoever asks.
    """
    (ref,) = world.decide(LARGE, scope=Scope(business_unit="north"))
    with pytest.raises(NotFoundError):
        world.judging.perform(Action.APPROVE, (ref,), person("lars.moen", scopes=("business_unit:south",)))

    assert () == inbox(world, scopes=("business_unit:south",))


class TestBulk:
    """More than one order: a preview, then all or nothing."""

    def test_ten_thousand_at_once(self, world):
        """
        A preview of 10,000 orders has their value; its digest approves all of them.
        """
        refs = tuple(
            r for _ in range(100) for r in world.decide(*[(BEANS, 3000.0 + 50 * (i % 7)) for i in range(100)])
        )
        caller = person("lars.moen")
        preview = world.judging.preview(Action.APPROVE, refs, caller)
        done = world.judging.perform(Action.APPROVE, refs, caller, digest=preview.digest)

        assert 10000 == len(refs)
        assert preview.value == pytest.approx(sum(world.order(r).terms.cost for r in refs[:100]) * 100)
        assert {"APPROVED"} == {j.order.record.state for j in done.judgements}

    def test_no_bulk_without_a_preview(self, world):
        """
        Several orders without a digest are refused.
        """
        refs = world.decide(LARGE, (BEANS, 3050.0))
        with pytest.raises(InvalidRequestError) as refused:
            world.judging.perform(Action.APPROVE, refs, person("lars.moen"))

        assert "PREVIEW_REQUIRED" == refused.value.reason

    def test_one_wrong_order_stops_all(self, world):
        """
        One order that the caller may not sign: nothing is signed, and the preview says which and why.
        """
        refs = (*world.decide(LARGE), *world.decide(LARGE, on_behalf_of="lars.moen"))
        caller = person("lars.moen")
        preview = world.judging.preview(Action.APPROVE, refs, caller)
        with pytest.raises(ForbiddenError) as refused:
            world.judging.perform(Action.APPROVE, refs, caller, digest=preview.digest)

        assert ["", "FOUR_EYES"] == [j.reason for j in preview.judgements]
        assert "1 of 2 orders" in str(refused.value)
        assert ["REFERRED", "REFERRED"] == [world.state(r) for r in refs]

    def test_a_stale_preview_is_refused(self, world):
        """
        An order that moved since the preview stops the call.
        """
        refs = world.decide(LARGE, (BEANS, 3050.0))
        caller = person("lars.moen")
        preview = world.judging.preview(Action.REJECT, refs, caller)
        world.approve(refs[0], "maria.silva")
        with pytest.raises(MovedError) as refused:
            world.judging.perform(Action.REJECT, refs, caller, digest=preview.digest)

        assert "PREVIEW_STALE" == refused.value.reason
        assert "REFERRED" == world.state(refs[1])

    def test_the_same_order_twice_is_refused(self, world):
        """
        Named twice is a mistake of the caller.
        """
        (ref,) = world.decide(LARGE)
        with pytest.raises(InvalidRequestError):
            world.judging.preview(Action.APPROVE, (ref, ref), person("lars.moen"))


def test_the_book_is_the_same_however_it_is_read(world):
    """
    Followed step by step, or read from the beginning: the same orders.
    """
    from decision_service.followers.order_book import SqliteOrderBook

    for ref in world.decide(LARGE, SMALL, (BEANS, 3050.0)):
        if "REFERRED" == world.state(ref):
            world.approve(ref, "lars.moen")
    world.outbox.take(1, person("erp-1", "erp"))
    for _ in range(2):  # the second plan replaces what is not delivered yet
        world.decide(SMALL, as_plan=True)
        world.book.catch_up()
    again = SqliteOrderBook(world.ledger, ":memory:")

    booked = world.book.list(OrderFilter(), 100)
    assert {"", "decisions/d2", "decisions/d3"} == {order.moved_by for order in booked}
    assert booked == again.list(OrderFilter(), 100)
    assert list(world.book.each(OrderFilter())) == list(again.each(OrderFilter()))
    assert date(2026, 11, 30) == next(again.each(OrderFilter())).terms.order_date


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_neither_skip_nor_repeat_while_people_work(world, size):
    """
    From page to page an order of the last one is settled and a new one comes in: every order that waits
    all the time is shown once.
    """
    refs = world.decide(*[(BEANS, 3000.0 + 50 * i) for i in range(5)], (GRINDER, 20.0))
    wanted = OrderFilter(states=(OrderState.REFERRED, OrderState.APPROVED), decisions=(refs[0][0],))
    seen, after = [], None
    while page := world.book.list(wanted, size, after):
        seen += [(b.record.decision, b.record.order) for b in page]
        after = place_of(page[-1].record)
        last = page[-1].record
        if last.state is OrderState.REFERRED:
            world.reject((last.decision, last.order), "lars.moen")

    assert sorted(refs) == sorted(seen)
