"""
Requests of an event loop, taken to the ledger's writer together, and its answers brought back.

Handing a batch over costs the loop as much as judging one request: the writer's thread takes the interpreter from it
some thirty times. So where the last batch was shared, requests wait until the loop has nothing else to do: those that
have arrived are first all carried to this point. No clock is involved, and a caller who is alone waits for nobody.

A batch answers many at once. `asyncio.wrap_future` wakes the loop for each of them, a system call
that also passes the interpreter from thread to thread; here the first of a batch wakes the loop,
and the loop finds the others with it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from weakref import WeakKeyDictionary

_Arrival = tuple[asyncio.Future[Any], Future[Any]]


_Leaving = tuple[asyncio.Future[Any], Callable[[], Future[Any]]]
MOST = 32  # requests that leave together: more would make the first of them wait and save little
TURNS = 64  # of the loop with nothing new: what the network brings passes through several on its way here


class Shore:
    """Where requests leave from one event loop, and answers arrive."""

    def __init__(self) -> None:
        self._leaving: list[_Leaving] = []
        self._is_shared = False  # whether the last to leave left together
        self._turns = 0  # left to look for more
        self._arrived: deque[_Arrival] = deque()
        self._is_called = False

    def send(self, submit: Callable[[], Future[Any]], loop: asyncio.AbstractEventLoop) -> asyncio.Future[Any]:
        """Submit soon, together with what else is on its way; done soon after the answer is."""
        here = loop.create_future()
        self._leaving.append((here, submit))
        self._turns = TURNS if self._is_shared else 1
        if len(self._leaving) == MOST:
            self._depart()
        elif len(self._leaving) == 1:
            loop.call_soon(self._look, loop)
        return here

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Once a turn of the loop: leave when nothing new has come for long enough."""
        if not self._leaving:
            return
        if self._turns:
            self._turns -= 1
            loop.call_soon(self._look, loop)
        else:
            self._depart()

    def _depart(self) -> None:
        some, self._leaving = self._leaving, []
        self._is_shared = len(some) > 1
        for here, submit in some:
            try:
                answer = submit()
            except Exception as error:  # noqa: BLE001 - it is the caller's, who waits here
                if not here.done():
                    here.set_exception(error)
            else:
                self._await(answer, here)

    def wait_for(self, answer: Future[Any], loop: asyncio.AbstractEventLoop) -> asyncio.Future[Any]:
        """Return a future of the loop that is done soon after the answer is."""
        here = loop.create_future()
        self._await(answer, here)
        return here

    def _await(self, answer: Future[Any], here: asyncio.Future[Any]) -> None:
        answer.add_done_callback(lambda done: self._land(here, done))

    def _land(self, here: asyncio.Future[Any], done: Future[Any]) -> None:
        """Put an answer down, in any thread."""
        self._arrived.append((here, done))
        # In this order: whoever clears the mark looks for arrivals after that.
        if not self._is_called and not (loop := here.get_loop()).is_closed():
            self._is_called = True
            loop.call_soon_threadsafe(self._bring)

    def _bring(self) -> None:
        """Hand over what is there, in the loop."""
        self._is_called = False
        while self._arrived:
            here, done = self._arrived.popleft()
            if here.done():  # whoever waited was cancelled
                continue
            if error := done.exception():
                here.set_exception(error)
            else:
                here.set_result(done.result())


_SHORES: WeakKeyDictionary[asyncio.AbstractEventLoop, Shore] = WeakKeyDictionary()


def awaitable(answer: Future[Any]) -> asyncio.Future[Any]:
    """Return what a coroutine of the running loop can wait for, as `asyncio.wrap_future` does."""
    loop = asyncio.get_running_loop()
    return _shore(loop).wait_for(answer, loop)


def submitted(submit: Callable[[], Future[Any]]) -> asyncio.Future[Any]:
    """Submit soon, together with what else the running loop has for the log; what to wait for."""
    loop = asyncio.get_running_loop()
    return _shore(loop).send(submit, loop)


def _shore(loop: asyncio.AbstractEventLoop) -> Shore:
    shore = _SHORES.get(loop)
    if shore is None:
        shore = _SHORES[loop] = Shore()
    return shore
