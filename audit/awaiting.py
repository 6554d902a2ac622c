"""
Answers of the ledger's writer, brought to the event loops that wait for them.

A batch answers many at once. `asyncio.wrap_future` wakes the loop for each of them, a system call
that also passes the interpreter from thread to thread; here the first of a batch wakes the loop,
and the loop finds the others with it.
"""

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any
from weakref import WeakKeyDictionary

_Arrival = tuple[asyncio.Future[Any], Future[Any]]


class Shore:
    """Where answers arrive for one event loop."""

    def __init__(self) -> None:
        self._arrived: deque[_Arrival] = deque()
        self._is_called = False

    def wait_for(self, answer: Future[Any], loop: asyncio.AbstractEventLoop) -> asyncio.Future[Any]:
        """Return a future of the loop that is done soon after the answer is."""
        here = loop.create_future()
        answer.add_done_callback(lambda done: self._land(here, done))
        return here

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
    shore = _SHORES.get(loop)
    if shore is None:
        shore = _SHORES[loop] = Shore()
    return shore.wait_for(answer, loop)
