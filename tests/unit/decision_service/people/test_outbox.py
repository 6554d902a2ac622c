"""Handover: the ERP is down, answers twice, late or out of order; nothing is ordered twice, nothing is lost."""

from datetime import timedelta
from itertools import pairwise

import pytest

from decision_service.decision import Scope
from decision_service.errors import NotFoundError, PreconditionError
from decision_service.usecases.approvals.book import OrderFilter
from decision_service.usecases.approvals.instructions import Answer
from decision_service.usecases.approvals.limits import Wish
from decision_service.usecases.approvals.order_events import Step
from decision_service.usecases.approvals.overriding import Change
from decision_service.usecases.approvals.steps import append_all, new_step
from decision_service.usecases.handover.outbox import Backoff, Outbox

from .conftest import BEANS, ERP, GRINDER, person


@pytest.fixture
def ref(world):
    """An approved order whose day has come."""
    return world.decide((GRINDER, 20.0))[0]


def take(world, size=10, caller=ERP):
    return world.outbox.take(size, caller)


def answer(world, key, said, reference=""):
    return world.outbox.answer(key, Answer(said), ERP, reference)


def cancel(world, ref):
    append_all(
        world.ledger, (new_step(world.order(ref), Step.CANCEL_REQUESTED, ERP, {"reason": "test"}, world.at),)
    )


def test_an_approved_order_is_handed_over_and_acknowledged(world, ref):
    """
    RELEASE with terms and key; accepted it is ACKNOWLEDGED, and nothing more is handed out.
    """
    (told,) = take(world)
    done = answer(world, told.key, "ACCEPTED", "PO-4711")

    assert ("RELEASE", ref, 1) == (told.kind, (told.decision, told.order), told.attempt)
    assert world.order(ref).terms == told.terms
    assert ("ACKNOWLEDGED", "PO-4711") == (done.order.record.state, done.order.record.note)
    world.later(days=30)
    assert () == take(world)


def test_nothing_unsigned_leaves(world):
    """
    A referred order is not handed out, whatever the time.
    """
    world.decide((BEANS, 3000.0))
    world.later(days=2)

    assert () == take(world)


def test_an_order_leaves_on_its_day(world):
    """
    What is to be placed in a week waits for its day: until then a plan may change it.
    """
    (ref,) = world.decide((GRINDER, 40.0))
    override = Change(Wish(due_date=world.order(ref).terms.due_date + timedelta(days=7)), world.cases.case(ref[0]).playbook(ref[1]).reason_codes[0], 1)  # fmt: skip
    world.overriding.perform(ref, override, person("dev.patel"))
    world.approve(ref, "elif.kaya")
    early = take(world)
    world.later(days=7)

    assert () == early
    assert 1 == len(take(world))


def test_unanswered_it_comes_again_with_the_same_key(world, ref):
    """
    Retries double their distance up to an hour, under one key; nothing in between.
    """
    seen = []
    for _ in range(60 * 5):
        seen += [(i.key, world.at) for i in take(world)]
        world.later(minutes=1)

    assert 1 == len({key for key, _ in seen})
    gaps = [round((b - a).total_seconds() / 60) for (_, a), (_, b) in pairwise(seen)]
    assert [1, 2, 4, 8, 16, 32, 60, 60, 60] == gaps[:9]


def test_given_up_it_is_seen_and_revived(world, ref):
    """
    After the last attempt it is dead: listed, not handed out; revived it goes out under the old key.
    """
    world.outbox = Outbox(world.ledger, world.book, world.now, Backoff(most=3))
    keys = []
    for _ in range(20):
        keys += [i.key for i in take(world)]
        world.later(hours=2)
    dead = world.book.list(OrderFilter(is_dead=True), 10)
    world.outbox.revive(ref, person("otto", "operator"))
    again = take(world)

    assert 3 == len(keys)
    assert [ref] == [(b.record.decision, b.record.order) for b in dead]
    assert keys[:1] == [i.key for i in again]
    with pytest.raises(PreconditionError):
        world.outbox.revive(ref, person("otto", "operator"))


def test_duplicates_say_nothing_new(world, ref):
    """
    The same answer twice is a repeat and no entry.
    """
    (told,) = take(world)
    answer(world, told.key, "ACCEPTED")
    size = world.ledger.size

    assert answer(world, told.key, "ACCEPTED").is_repeat
    assert size == world.ledger.size


def test_answers_out_of_order(world, ref):
    """
    Received before accepted: the later state holds, the overtaken answer changes nothing.
    """
    (told,) = take(world)
    answer(world, told.key, "RECEIVED")

    assert answer(world, told.key, "ACCEPTED").is_repeat
    assert answer(world, told.key, "SHIPPED").is_repeat
    assert "RECEIVED" == world.state(ref)


def test_an_answer_that_takes_back_another_is_refused_and_logged(world, ref):
    """
    Accepted, then refused: a person must look, the state stays.
    """
    (told,) = take(world)
    answer(world, told.key, "ACCEPTED")
    with pytest.raises(PreconditionError) as refused:
        answer(world, told.key, "REFUSED")

    assert "ANSWER_CONTRADICTS" == refused.value.reason
    assert "attempt-refused.v1" == world.kinds()[-1]
    assert "ACKNOWLEDGED" == world.state(ref)


@pytest.mark.parametrize(
    "key", ["", "nonsense", "decisions/d1/orders/O0/RELEASE/9", "decisions/none/orders/O0/RELEASE/1"]
)
def test_answers_to_what_was_never_told(world, ref, key):
    """
    A key that was not handed out is unknown.
    """
    with pytest.raises(NotFoundError):
        answer(world, key, "ACCEPTED")


def test_a_late_cancellation_is_too_late(world, ref):
    """
    Cancel asked for, and shipped meanwhile: the order is SHIPPED, not cancelled.
    """
    (told,) = take(world)
    cancel(world, ref)
    (cancelling,) = take(world)
    answer(world, told.key, "SHIPPED")

    assert "CANCEL" == cancelling.kind
    assert "SHIPPED" == world.state(ref)


def test_cancelled_by_the_erp(world, ref):
    """
    The cancellation is accepted: CANCELLED, and never handed out again.
    """
    take(world)
    cancel(world, ref)
    (cancelling,) = take(world)
    answer(world, cancelling.key, "ACCEPTED")
    world.later(days=9)

    assert "CANCELLED" == world.state(ref)
    assert () == take(world)


def test_an_accepted_release_that_arrives_after_the_cancellation(world, ref):
    """
    Answers overtake each other: the old release is accepted late, the cancellation still counts.
    """
    (told,) = take(world)
    cancel(world, ref)
    (cancelling,) = take(world)
    answer(world, told.key, "ACCEPTED")
    answer(world, cancelling.key, "ACCEPTED")

    assert "CANCELLED" == world.state(ref)


def test_a_change_at_the_erp(world, ref):
    """
    An acknowledged order that is changed and signed goes out as CHANGE; refused, the old terms hold.
    """
    (told,) = take(world)
    answer(world, told.key, "ACCEPTED")
    code = world.cases.case(ref[0]).playbook(ref[1]).reason_codes[0]
    for said, quantity in (("REFUSED", 20.0), ("ACCEPTED", 40.0)):
        world.overriding.perform(ref, Change(Wish(quantity=40.0), code, 1), person("dev.patel"))
        world.approve(ref, "elif.kaya")
        (change,) = take(world)
        answer(world, change.key, said)

        assert ("CHANGE", 40.0) == (change.kind, change.terms.quantity)
        assert ("ACKNOWLEDGED", quantity) == (world.state(ref), world.order(ref).terms.quantity)


def test_the_erp_of_one_unit_is_told_of_no_other(world):
    """
    A grant for one business unit pulls that unit's instructions only, and answers no others.
    """
    (ref,) = world.decide((GRINDER, 20.0), scope=Scope(business_unit="north"))
    (north,) = take(world, caller=person("erp-n", "erp", scopes=("business_unit:north",)))
    south = person("erp-s", "erp", scopes=("business_unit:south",))

    assert ref == (north.decision, north.order)
    assert () == take(world, caller=south)
    with pytest.raises(NotFoundError):
        world.outbox.answer(north.key, Answer.ACCEPTED, south)


def test_two_pullers_share_the_work(world):
    """
    What one client took the other does not get while it may still be answered.
    """
    refs = world.decide(*[(GRINDER, 20.0 + i) for i in range(10)])
    first, second = take(world, 6), take(world, 6)

    assert len(refs) == len(first) + len(second)
    assert not {i.key for i in first} & {i.key for i in second}


def test_a_restart_between_handing_out_and_answering(world, ref):
    """
    The service starts anew: the answer finds its instruction.
    """
    (told,) = take(world)
    world.open()

    assert "ACKNOWLEDGED" == answer(world, told.key, "ACCEPTED").order.record.state
