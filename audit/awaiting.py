"""
Requests of an event loop, taken to the ledger's writer together, and its answers brought back.

Handing a batch over costs the loop as much as judging one request: the writer's thread takes the interpreter from it
some thirty times. So requests leave once a turn of the loop, all that came to this point in it; and while the writer
is at work they wait for it to come back. A caller who is alone waits for nobody.

A batch answers many at once. `asyncio.wrap_future` wakes the loop for each of them, a system call
that also passes the interpreter from thread to thread; here the first of a batch wakes the loop,
and the loop finds the others with it.
"""

import asyncio
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

MOST = 64  # requests that leave together: more would make the first of them wait and save little

T = TypeVar("T")
_HandOver = Callable[[list[tuple[Any, "Crossing"]]], None]


class Crossing:
    """
    An answer on its way from any thread to the loop that waits for it.

    Parameters
    ----------
    is_sent
        Whether the shore sent for it, and waits for it to come back.
    """

    __slots__ = ("_shore", "error", "here", "is_sent", "result")

    def __init__(self, shore: "Shore", here: asyncio.Future[Any], *, is_sent: bool = False) -> None:
        self._shore, self.here, self.is_sent = shore, here, is_sent
        self.result: Any = None
        self.error: BaseException | None = None

    def set_result(self, result: Any) -> None:
        """The answer, in any thread."""
        self.result = result
        self._shore.land(self)

    def set_exception(self, error: BaseException) -> None:
        """The refusal, in any thread."""
        self.error = error
        self._shore.land(self)


class Shore:
    """Where requests leave from one event loop, and answers arrive."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.of = weakref.ref(loop)
        self._leaving: list[tuple[_HandOver, Any, Crossing]] = []
        self._away = 0  # sent and not answered yet
        self._arrived: deque[Crossing] = deque()
        self._return: asyncio.Future[None] | None = None
        self._is_called = False

    def send(self, what: Any, hand_over: _HandOver, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Any]:
        """Hand over soon, together with what else is on its way; done soon after the answer is."""
        here = loop.create_future()
        self._leaving.append((hand_over, what, Crossing(self, here, is_sent=True)))
        if len(self._leaving) == MOST:
            self._depart()
        elif len(self._leaving) == 1 and not self._away:
            loop.call_soon(self._look)
        return here

    def _look(self) -> None:
        if self._leaving and not self._away:
            self._depart()

    def _depart(self) -> None:
        some, self._leaving = self._leaving, []
        together: dict[_HandOver, list[tuple[Any, Crossing]]] = {}
        for hand_over, what, crossing in some:
            together.setdefault(hand_over, []).append((what, crossing))
        for hand_over, waiting in together.items():
            hand_over(waiting)
            self._away += len(waiting)

    def wait_for(self, answer: Future[Any], loop: asyncio.AbstractEventLoop) -> asyncio.Future[Any]:
        """Return a future of the loop that is done soon after the answer is."""
        crossing = Crossing(self, loop.create_future())

        def cross(done: Future[Any]) -> None:
            if error := done.exception():
                crossing.set_exception(error)
            else:
                crossing.set_result(done.result())

        answer.add_done_callback(cross)
        return crossing.here

    def returning(self, loop: asyncio.AbstractEventLoop) -> "asyncio.Future[None] | None":
        """Done when all that was sent is answered; None where it is."""
        if self._away and self._return is None:
            self._return = loop.create_future()
        return self._return

    def land(self, crossing: Crossing) -> None:
        """Put an answer down, in any thread."""
        self._arrived.append(crossing)
        # In this order: whoever clears the mark looks for arrivals after that.
        if not self._is_called and not (loop := crossing.here.get_loop()).is_closed():
            self._is_called = True
            with suppress(RuntimeError):  # closed a moment ago: nobody waits there any more
                loop.call_soon_threadsafe(self._bring)

    def _bring(self) -> None:
        """Hand over what is there, in the loop."""
        self._is_called = False
        while self._arrived:
            crossing = self._arrived.popleft()
            self._away -= crossing.is_sent
            if crossing.here.done():  # whoever waited was cancelled
                continue
            if crossing.error:
                crossing.here.set_exception(crossing.error)
            else:
                crossing.here.set_result(crossing.result)
        if not self._away:
            self._look()
            self._tell_return()

    def _tell_return(self) -> None:
        back, self._return = self._return, None
        if back is not None and not back.done():
            back.set_result(None)


_HERE = threading.local()  # the shore of the loop that ran last in this thread


def awaitable(answer: Future[Any]) -> asyncio.Future[Any]:
    """Return what a coroutine of the running loop can wait for, as `asyncio.wrap_future` does."""
    loop = asyncio.get_running_loop()
    return _shore(loop).wait_for(answer, loop)


def submitted(what: T, hand_over: Callable[[list[tuple[T, Crossing]]], None]) -> asyncio.Future[Any]:
    """
    Hand over soon, together with what else the running loop has for the log; what to wait for.

    Parameters
    ----------
    hand_over
        Takes all that leaves together, and answers each; it raises nothing.
    """
    loop = asyncio.get_running_loop()
    return _shore(loop).send(what, hand_over, loop)


def until_log_is_back() -> "asyncio.Future[None] | None":
    """Return what is done when a log's writer has answered all that the running loop sent; None where it has."""
    loop = asyncio.get_running_loop()
    return _shore(loop).returning(loop)


def _shore(loop: asyncio.AbstractEventLoop) -> Shore:
    shore: Shore | None = getattr(_HERE, "shore", None)
    if shore is None or shore.of() is not loop:
        shore = _HERE.shore = Shore(loop)
    return shore
