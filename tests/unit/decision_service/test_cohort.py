"""
Calls that have arrived are taken up together.
"""

import asyncio

from decision_service.api import cohort as module
from decision_service.api.cohort import ENOUGH, LONGEST, MOST, TURNS, Cohort

SOON = TURNS // 2


def taken_up(arrivals, *, is_busy, away=lambda: None):
    """
    In which turn of the loop each call was taken up.

    Parameters
    ----------
    arrivals
        Turns after which each call arrives.
    """

    async def call(cohort, after):
        for _ in range(after):
            await asyncio.sleep(0)
        await cohort.join()
        return turns[0]

    async def count():
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    async def run():
        counting = asyncio.create_task(count())
        cohort = Cohort(lambda: is_busy, away)
        found = await asyncio.gather(*(call(cohort, after) for after in arrivals))
        counting.cancel()
        return found

    turns = [0]
    return asyncio.run(run())


def test_who_is_alone_waits_for_nobody():
    """
    Nor does one who comes twenty turns later wait for more.
    """
    first, later = taken_up((0, 20), is_busy=False)

    assert first <= 4
    assert 20 <= later <= 24


def test_while_others_are_inside_a_call_waits_for_those_on_their_way():
    """
    Until nothing new has come for a while.
    """
    first, later = taken_up((0, SOON), is_busy=True)

    assert first == later > SOON + TURNS


def test_so_do_those_who_come_together():
    """
    Though nobody is inside.
    """
    first, _, later = taken_up((0, 0, SOON), is_busy=False)

    assert first == later > SOON + TURNS


def test_as_many_are_waited_for_as_came_last(monkeypatch):
    """
    Nobody is inside, for all were answered and come again; with fewer than came last the first waits in vain a while.
    """
    patience = LONGEST / 2  # so that the turns below are over before, on a busy machine too
    monkeypatch.setattr(module, "PATIENCE", patience)

    async def turns(count):
        for _ in range(count):
            await asyncio.sleep(0)

    async def run():
        cohort, loop = Cohort(lambda: False), asyncio.get_running_loop()
        await asyncio.gather(*(cohort.join() for _ in range(3)))
        first = cohort.join()
        await turns(5 * TURNS)
        is_early = first.done()
        crowd = [first, cohort.join(), cohort.join()]
        await turns(2 * TURNS)
        are_there = all(each.done() for each in crowd)
        since = loop.time()
        await cohort.join()
        return is_early, are_there, loop.time() - since

    is_early, are_there, in_vain = asyncio.run(run())

    assert not is_early
    assert are_there
    assert in_vain >= patience


def test_enough_of_them_wait_no_longer():
    """
    They are taken up at once; who comes later follows.
    """
    *enough, later = taken_up((*(0,) * ENOUGH, 10), is_busy=True)

    assert max(enough) <= 4
    assert later > max(enough)


def test_nobody_is_taken_up_while_the_log_is_away():
    """
    Enough or not; when it is back they wait for those whom it answered. Too many to be left uncounted are taken up.
    """

    async def run(count):
        back = asyncio.get_running_loop().create_future()
        cohort = Cohort(lambda: True, lambda: None if back.done() else back)
        waiting = [cohort.join() for _ in range(count)]
        for _ in range(3 * TURNS):
            await asyncio.sleep(0)
        early = sum(each.done() for each in waiting)
        back.set_result(None)
        last = cohort.join()
        await asyncio.gather(*waiting, last)
        return early

    assert [0, 0, MOST] == [asyncio.run(run(count)) for count in (2, ENOUGH, MOST + 1)]


def test_a_log_that_hangs_is_not_waited_for():
    """
    Nor by those who come while the first still hope for it; when it is back it is waited for again.
    """

    async def run():
        loop, back = asyncio.get_running_loop(), [asyncio.get_running_loop().create_future()]
        cohort, took = Cohort(lambda: False, lambda: None if back[0].done() else back[0]), []
        for _ in range(2):
            since = loop.time()
            await asyncio.wait_for(cohort.join(), 10)
            took.append(loop.time() - since)
        back[0].set_result(None)
        await cohort.join()
        back[0] = loop.create_future()
        again = cohort.join()
        for _ in range(3 * TURNS):
            await asyncio.sleep(0)
        return took, again.done()

    took, is_early = asyncio.run(run())

    assert LONGEST / 2 < min(took)
    assert max(took) < 1
    assert not is_early


def test_a_log_that_others_keep_at_work_is_waited_for_once():
    """
    Whenever it comes back it has left again with what they have for it.
    """

    async def run():
        loop, left = asyncio.get_running_loop(), []

        def away():
            left.append(loop.create_future())
            loop.call_later(LONGEST / 20, left[-1].set_result, None)
            return left[-1]

        await asyncio.wait_for(Cohort(lambda: False, away).join(), 10)
        return len(left)

    assert 1 == asyncio.run(run())


def test_those_who_come_one_by_one_do_not_hold_up_the_first():
    """
    Fewer than came last, each before the others' patience ends.
    """

    async def run():
        cohort, loop = Cohort(lambda: False), asyncio.get_running_loop()
        await asyncio.gather(*(cohort.join() for _ in range(MOST - 1)))
        first, count, since = cohort.join(), 1, loop.time()
        while not first.done() and count < ENOUGH:
            if loop.time() - since > count * LONGEST / (ENOUGH / 2):
                cohort.join()
                count += 1
            await asyncio.sleep(0)
        return count

    assert asyncio.run(run()) < ENOUGH


def test_who_went_away_meanwhile_holds_up_nobody():
    """
    A call that was cancelled while it waited.
    """

    async def run():
        cohort = Cohort(lambda: False)
        gone, here = cohort.join(), cohort.join()
        gone.cancel()
        await here
        return gone.cancelled()

    assert asyncio.run(run())
