"""A drain ends whatever runs beside the calls."""

import asyncio

from decision_service.api.server import Running


class Fake:
    """The server and its health, as far as a drain speaks to them."""

    async def enter_graceful_shutdown(self):
        """Nobody asks any more."""

    async def stop(self, grace):
        self.grace = grace


async def deaf_once():
    """Loses its first cancellation."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(60)


async def broken():
    raise OSError("the disk is away")


def test_a_lost_cancellation_holds_up_no_drain():
    """
    A task that loses its first cancellation is cancelled again; one that failed long ago is no matter.
    """

    async def drain():
        tasks = tuple(asyncio.create_task(work()) for work in (deaf_once, broken, deaf_once))
        await asyncio.sleep(0.01)
        server = Fake()
        running = Running(server, Fake(), "127.0.0.1:1", tasks, lambda: asyncio.sleep(0))
        await asyncio.wait_for(running.drain(1.5), 10)
        return server.grace, [task.done() for task in tasks]

    assert (1.5, [True] * 3) == asyncio.run(drain())
