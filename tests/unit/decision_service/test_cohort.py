"""
Calls that have arrived are taken up together.
"""

import asyncio

from decision_service.api.cohort import MOST, Cohort


def taken_up(*crowds):
    """
    Crowds of calls, one crowd after the other; of each, in which turn of the loop which calls were taken up.

    Parameters
    ----------
    crowds
        Turns after which each call of a crowd arrives.
    """

    async def call(cohort, after, since, found):
        for _ in range(after):
            await asyncio.sleep(0)
        await cohort.join()
        found.append(turns[0] - since)

    async def count():
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    async def run():
        counting = asyncio.create_task(count())
        cohort, told = Cohort(), []
        for crowd in crowds:
            found = []
            await asyncio.gather(*(call(cohort, after, turns[0], found) for after in crowd))
            told.append(found)
        counting.cancel()
        return told

    turns = [0]
    return asyncio.run(run())


def test_who_is_alone_waits_for_nobody():
    """
    Nor does one who comes twenty turns later wait for more.
    """
    ((first, later),) = taken_up((0, 20))

    assert first <= 4
    assert 20 <= later <= 24


def test_a_crowd_waits_for_those_who_are_on_their_way():
    """
    After several were taken up together, the first of the next waits until nothing new has come for a while.
    """
    _, (first, later) = taken_up((0, 0), (0, 20))

    assert first == later > 20


def test_a_crowd_that_is_large_enough_waits_no_longer():
    """
    It is taken up at once; the rest follows.
    """
    _, crowd = taken_up((0, 0), (0,) * (MOST + 1))

    assert max(crowd[:MOST]) <= 4
    assert crowd[MOST] > 20


def test_who_went_away_meanwhile_holds_up_nobody():
    """
    A call that was cancelled while it waited.
    """

    async def run():
        cohort = Cohort()
        gone, here = cohort.join(), cohort.join()
        gone.cancel()
        await here
        return gone.cancelled()

    assert asyncio.run(run())
