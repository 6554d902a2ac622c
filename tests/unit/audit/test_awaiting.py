"""
Answers of the writer's thread, brought to the loop that waits for them.
"""

import asyncio
import threading
from concurrent.futures import Future

import pytest

from audit.awaiting import awaitable, submitted


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


def test_who_is_alone_leaves_at_once_and_a_crowd_together():
    """
    A caller who follows turns later finds one who was alone gone; after a shared departure they leave together.
    """
    left = []

    def submit():
        left.append(turn)
        answer = Future()
        answer.set_result(turn)
        return answer

    async def arrive(after):
        nonlocal turn
        for _ in range(after):
            await asyncio.sleep(0)
            turn += 1
        return await submitted(submit)

    async def apart():
        nonlocal turn
        turn = 0
        await asyncio.gather(arrive(0), arrive(20))
        return [left.pop(0) for _ in range(2)]

    async def wait():
        alone = await apart()
        await asyncio.gather(arrive(0), arrive(0))  # shared
        left.clear()
        return alone, await apart()

    turn = 0
    alone, crowd = asyncio.run(wait())

    assert alone[0] <= 2
    assert alone[1] == 20
    assert crowd == [20, 20]


def test_a_refusal_to_submit_reaches_who_waits():
    """
    And nobody else.
    """

    def refuse():
        raise ValueError("closed")

    def accept():
        answer = Future()
        answer.set_result("kept")
        return answer

    async def wait():
        return await asyncio.gather(submitted(refuse), submitted(accept), return_exceptions=True)

    refused, kept = asyncio.run(wait())
    assert refused.args == ("closed",)
    assert kept == "kept"
