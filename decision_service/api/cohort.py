"""
Calls that have arrived are taken up together, one right after the other.

Between two calls the event loop runs the network's code, and by then the processor's caches hold nothing of the steps
of a call any more. So where others are inside, or were a moment ago, a call waits for as many as came last and until
the loop has nothing else to do; then all take the same steps while those are at hand, and go to the log together.
While the log's writer is at work nobody is taken up who would go there: it and the loop would take the interpreter
from each other at every step. But it is waited for once only, for others may keep it at work, and nobody waits here
for long: where the log hangs, admission refuses. A caller who is alone waits for one turn of the loop.

References
----------
J. R. Larus, M. Parkes: Using Cohort Scheduling to Enhance Server Performance. USENIX 2002.
"""

import asyncio
from collections.abc import Callable

ENOUGH = 64  # calls: more would make the first of them wait and save little
MOST = 256  # calls that may wait here, where admission does not count them
LONGEST = 0.025  # seconds that a call waits here, whatever it waits for
TURNS = 16  # of the loop with nothing new: what the network brings passes through several on its way here
PATIENCE = 0.001  # seconds with nothing new after which no more are waited for


class Cohort:
    """
    Where calls of one kind wait for each other, in one event loop.

    Parameters
    ----------
    is_busy
        Whether calls are inside.
    away
        What to wait for before others are taken up; None = nothing.
    """

    def __init__(
        self, is_busy: Callable[[], bool], away: Callable[[], "asyncio.Future[None] | None"] = lambda: None
    ) -> None:
        self._is_busy, self._away = is_busy, away
        self._waiting: list[asyncio.Future[None]] = []
        self._expected = 1  # calls: as many as were taken up last, and those who came meanwhile
        self._turns = 0  # left to look for more
        self._is_looking = False
        self._rest: asyncio.TimerHandle | None = None  # until when fewer than expected are waited for
        self._end: asyncio.TimerHandle | None = None  # until when those who are here wait at the longest
        self._was_away = False  # what was to be waited for is back

    def join(self) -> "asyncio.Future[None]":
        """Done when it is this call's turn: soon, together with the others that have arrived."""
        loop = asyncio.get_running_loop()
        here: asyncio.Future[None] = loop.create_future()
        self._waiting.append(here)
        if len(self._waiting) == 1:
            self._end = loop.call_later(LONGEST, self._take_up)
        has_company = self._expected > 1 or len(self._waiting) > 1 or self._is_busy()
        self._turns = TURNS if has_company else 1
        if len(self._waiting) == MOST:
            self._take_up()
        elif not self._is_looking or (self._rest and len(self._waiting) >= self._expected):
            self._look_soon(loop)
        return here

    def _look_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_looking = True
        if self._rest:
            self._rest.cancel()
            self._rest = None
        loop.call_soon(self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take them up when there are enough, or nothing new has come for long enough."""
        count = len(self._waiting)
        if 0 < count < self._expected:
            self._rest = loop.call_later(PATIENCE, self._wait_no_longer, loop, count)
        elif self._turns and 0 < count < ENOUGH:
            self._turns -= 1
            loop.call_soon(self._look, loop)
        elif count and not self._was_away and (away := self._away()):
            away.add_done_callback(lambda _: self._look_again(loop))
        else:
            self._is_looking = False
            self._take_up()

    def _wait_no_longer(self, loop: asyncio.AbstractEventLoop, count: int) -> None:
        if count == len(self._waiting):
            self._expected = count
        self._look_soon(loop)

    def _look_again(self, loop: asyncio.AbstractEventLoop) -> None:
        """The log is back; those whom it answered just now may come again."""
        self._expected = min(self._expected + len(self._waiting), ENOUGH)
        self._turns, self._was_away = TURNS, True
        self._look(loop)

    def _take_up(self) -> None:
        if self._end:
            self._end.cancel()
        some, self._waiting, self._was_away = self._waiting, [], False
        self._expected = max(1, min(len(some), ENOUGH))
        for here in some:
            if not here.done():  # whoever waited was cancelled
                here.set_result(None)
