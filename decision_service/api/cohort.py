"""
Calls that have arrived are taken up together, one right after the other.

Between two calls the event loop runs the network's code, and by then the processor's caches hold nothing of the steps
of a call any more. Where many calls are on their way, the first of them waits until the loop has nothing else to do;
then all take the same steps while those are at hand, and come to the log together. No clock is involved, and a caller
who is alone waits for one turn of the loop.

References
----------
J. R. Larus, M. Parkes: Using Cohort Scheduling to Enhance Server Performance. USENIX 2002.
"""

import asyncio

MOST = 32  # calls taken up together: more would make the first of them wait and save little
TURNS = 64  # of the loop with nothing new: what the network brings passes through several on its way here


class Cohort:
    """Of one event loop: where calls wait for each other."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []
        self._was_shared = False  # whether the last were several
        self._turns = 0  # left to look for more
        self._is_looking = False

    def join(self) -> "asyncio.Future[None]":
        """Done when it is this call's turn: soon, together with the others that have arrived."""
        loop = asyncio.get_running_loop()
        here: asyncio.Future[None] = loop.create_future()
        self._waiting.append(here)
        self._turns = TURNS if self._was_shared else 1
        if len(self._waiting) == MOST:
            self._take_up()
        elif not self._is_looking:
            self._is_looking = True
            loop.call_soon(self._look, loop)
        return here

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Once a turn of the loop: take them up when nothing new has come for long enough."""
        if self._waiting and self._turns:
            self._turns -= 1
            loop.call_soon(self._look, loop)
            return
        self._is_looking = False
        if self._waiting:
            self._take_up()

    def _take_up(self) -> None:
        some, self._waiting = self._waiting, []
        self._was_shared = len(some) > 1
        for here in some:
            if not here.done():  # whoever waited was cancelled
                here.set_result(None)
