"""
Answers of the writer's thread, brought to the loop that waits for them.
"""

import asyncio
import threading
from concurrent.futures import Future

import pytest

from audit.awaiting import MOST, awaitable, submitted, until_log_is_back


async def answered(count, act):
    """
    Futures awaited together, settled by another thread.
    """
    answers = [Future() for _ in range(count)]
    waiting = [awaitable(answer) for answer in answers]
    thread = threading.Thread(target=lambda: [act(place, answer) for place, answer in enumerate(answers)])
    thread.start()
    result = await asyncio.gather(*waiting, return_exceptions=True)
    thread.join()
    return result


def test_every_answer_arrives_where_it_was_waited_for():
    """
    Many at once, from another thread, results and refusals alike.
    """

    def act(place, answer):
        if place % 3:
            answer.set_result(place)
        else:
            answer.set_exception(ValueError(place))

    arrived = asyncio.run(answered(1000, act))

    assert all(arrived[place] == place for place in range(1000) if place % 3)
    assert all(arrived[place].args == (place,) for place in range(0, 1000, 3))


def test_a_batch_wakes_the_loop_once(monkeypatch):
    """
    While the loop is busy, answers gather behind the first of them.
    """
    woken = []

    async def wait():
        loop = asyncio.get_running_loop()
        wake = loop.call_soon_threadsafe
        monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *what: (woken.append(what), wake(*what)))
        answers = [Future() for _ in range(50)]
        waiting = [awaitable(answer) for answer in answers]
        for place, answer in enumerate(answers):  # the loop has no turn meanwhile
            answer.set_result(place)
        return await asyncio.gather(*waiting)

    assert asyncio.run(wait()) == list(range(50))
    assert len(woken) == 1


def test_whoever_gave_up_holds_up_nobody():
    """
    A caller that was cancelled is passed over; the answer itself stands.
    """

    async def wait():
        first, second = Future(), Future()
        given_up, waiting = awaitable(first), awaitable(second)
        given_up.cancel()
        first.set_result("unheard")
        second.set_result("heard")
        assert await asyncio.wait_for(waiting, 5) == "heard"
        assert given_up.cancelled()
        return first.result()

    assert asyncio.run(wait()) == "unheard"


def test_a_loop_that_ended_is_left_alone():
    """
    An answer that comes too late for its loop is no error of the writer.
    """
    answer = Future()

    async def leave():
        awaitable(answer)

    asyncio.run(leave())
    answer.set_result("late")

    assert answer.result() == "late"
    with pytest.raises(RuntimeError):
        awaitable(answer)  # and where no loop runs, nobody can wait


def test_what_a_loop_left_behind_holds_up_no_other_in_its_thread():
    """
    A loop that ended with a request on its way: the next one in the thread waits for its own requests only.
    """

    def answer_all(waiting):
        for what, answer in waiting:
            answer.set_result(what)

    async def leave():
        submitted("never answered", lambda _: None)
        await asyncio.sleep(0.01)
        assert until_log_is_back() is not None

    async def ask():
        assert until_log_is_back() is None
        return await asyncio.wait_for(submitted("answered", answer_all), 5)

    asyncio.run(leave())

    assert "answered" == asyncio.run(ask())


def test_those_of_one_turn_of_the_loop_leave_together():
    """
    Whoever comes a turn later finds them gone.
    """
    left = []

    def hand_over(waiting):
        left.append([place for place, _ in waiting])
        for place, answer in waiting:
            answer.set_result(place)

    async def arrive(place, after):
        for _ in range(after):
            await asyncio.sleep(0)
        return await submitted(place, hand_over)

    async def wait():
        return await asyncio.gather(arrive("a", 0), arrive("b", 0), arrive("later", 20))

    assert ["a", "b", "later"] == asyncio.run(wait())
    assert [["a", "b"], ["later"]] == left


def test_each_is_answered_by_whom_it_was_handed_to():
    """
    Two logs of one loop, results and refusals alike, from another thread.
    """

    def refuse(waiting):
        for place, answer in waiting:
            answer.set_exception(ValueError(place))

    def keep(waiting):
        def work():
            for place, answer in waiting:
                answer.set_result(("kept", place))

        threading.Thread(target=work).start()

    async def wait():
        sent = [submitted(place, (keep, refuse)[place % 2]) for place in range(6)]
        return await asyncio.gather(*sent, return_exceptions=True)

    arrived = asyncio.run(wait())

    assert [("kept", 0), ("kept", 2), ("kept", 4)] == arrived[::2]
    assert [(1,), (3,), (5,)] == [error.args for error in arrived[1::2]]


def test_who_comes_while_another_is_away_waits_for_those_who_come_next():
    """
    The writer is at work on the first: whoever leaves meanwhile would only queue before its door, and alone. A full
    batch goes all the same.
    """

    def hand_over(waiting):
        left.append([place for place, _ in waiting])
        for place, answer in waiting:
            if place == "first":
                held.append(answer)
            else:
                answer.set_result(place)

    async def arrive(place, after):
        for _ in range(after):
            await asyncio.sleep(0)
        return await submitted(place, hand_over)

    async def meet():
        first = asyncio.create_task(arrive("first", 0))
        others = [asyncio.create_task(arrive(place, 10 + place)) for place in range(count)]
        for _ in range(300):
            await asyncio.sleep(0)
        gone = left.copy()
        held[0].set_result("first")
        return gone, await first, await asyncio.gather(*others)

    for count, early in ((2, []), (MOST + 2, [[*range(MOST)]])):
        held, left = [], []
        gone, one, others = asyncio.run(meet())
        assert [["first"], *early] == gone
        assert ["first", [*range(count)]] == [one, others]
        assert [["first"], *early, [*range(count)][-2:]] == left
