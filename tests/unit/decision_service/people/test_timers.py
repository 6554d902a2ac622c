"""Escalation: timers over weeks of a clock set by hand, with restarts in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from decision_service.errors import ForbiddenError
from decision_service.followers.order_book import SqliteOrderBook
from decision_service.usecases.escalation.timers import Timers

from .conftest import BEANS

STEP = timedelta(minutes=30)


def until_settled(world, ref, restart_every=0):
    """Turn the clock in small steps; (role, time) whenever somebody else is asked."""
    asked, turns = [(world.order(ref).asked, world.at)], 0
    while world.order(ref).is_waiting and turns < 3000:
        world.at += STEP
        turns += 1
        if restart_every and turns % restart_every == 0:
            world.book.close()
            world.open()
        world.timers.fire()
        if world.order(ref).asked != asked[-1][0]:
            asked.append((world.order(ref).asked, world.at))
    return asked


def test_an_order_nobody_answers_walks_its_ladder_to_the_end(world):
    """
    A purchase of medium weight: purchasing manager 3 days, planner 2 days, purchasing manager again
    2 days, and then it is blocked as the charter names.
    """
    (ref,) = world.decide((BEANS, 3000.0))
    start = world.at
    asked = until_settled(world, ref)

    assert ["purchasing-manager", "supply-planner", "purchasing-manager", ""] == [role for role, _ in asked]
    assert [0, 3, 5, 7] == [(at - start).days for _, at in asked]
    assert "BLOCKED" == world.state(ref)
    assert ["order-escalated.v1", "order-escalated.v1", "order-lapsed.v1"] == world.kinds()[-3:]


def test_restarts_change_nothing(world):
    """
    The same walk, with the service started anew every few hours: the same entries, each once.
    """
    (ref,) = world.decide((BEANS, 3000.0))
    asked = until_settled(world, ref, restart_every=7)

    assert ["purchasing-manager", "supply-planner", "purchasing-manager", ""] == [role for role, _ in asked]
    assert 3 == sum(kind in ("order-escalated.v1", "order-lapsed.v1") for kind in world.kinds())


def test_after_a_standstill_people_get_their_time(world):
    """
    The service was down for two weeks: the next rung is asked now, with its whole time from now.
    """
    (ref,) = world.decide((BEANS, 3000.0))
    world.later(days=14)
    fired = world.timers.fire()

    assert 1 == fired
    assert ("supply-planner", world.at + timedelta(days=2)) == (
        world.order(ref).asked,
        world.order(ref).deadline,
    )
    assert "APPROVED" == world.approve(ref, "dev.patel")


def test_many_replicas_fire_once(world):
    """
    Eight replicas, each with its own order book, fire at the same time: one entry an order.
    """
    refs = world.decide(*[(BEANS, 3000.0 + 50 * i) for i in range(20)])
    world.later(days=4)
    books = [SqliteOrderBook(world.ledger, ":memory:") for _ in range(8)]
    replicas = [Timers(world.ledger, book, world.cases, world.now) for book in books]
    with ThreadPoolExecutor(8) as pool:
        fired = list(pool.map(lambda replica: replica.fire(), replicas))

    assert len(refs) == sum(fired)
    assert len(refs) == world.kinds().count("order-escalated.v1")


def test_a_rung_that_is_asked_may_sign(world):
    """
    After the escalation the new role signs and the old one does not.
    """
    (ref,) = world.decide((BEANS, 3000.0))
    world.later(days=3)
    world.timers.fire()
    with pytest.raises(ForbiddenError):
        world.approve(ref, "maria.silva")

    assert "APPROVED" == world.approve(ref, "femi.ade")


def test_silence_blocks_where_the_rule_says_so(world):
    """
    A purchase above 250,000 that the chief financial officer leaves lying is blocked after two days.
    """
    (ref,) = world.decide((BEANS, 30000.0))
    assert "BLOCK" == world.order(ref).on_timeout
    world.later(days=2)
    world.timers.fire()

    assert "BLOCKED" == world.state(ref)


def test_a_clock_that_goes_back_fires_nothing(world):
    """
    Clock skew: an earlier time fires no timer, and what was fired stays.
    """
    (ref,) = world.decide((BEANS, 3000.0))
    world.later(days=3)
    world.timers.fire()
    world.later(days=-2)

    assert 0 == world.timers.fire()
    assert "supply-planner" == world.order(ref).asked


def test_what_a_later_plan_replaced_is_nobody_s_business(world):
    """
    A replaced order does not escalate.
    """
    (ref,) = world.decide((BEANS, 3000.0), as_plan=True)
    world.decide((BEANS, 100.0), as_plan=True)
    world.later(days=30)

    assert 0 == world.timers.fire()
    assert "REFERRED" == world.state(ref)
