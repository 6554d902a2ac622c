"""
A bell: one thread rings it, another waits for it or for the database, whichever speaks first.
"""

import contextlib
import os
import selectors
from collections.abc import Iterator
from typing import Any

from psycopg import Connection, Notify


class Bell:
    """Rings until it is heard; ringing twice is no more than once."""

    def __init__(self) -> None:
        self._inside, self._outside = os.pipe()
        for end in (self._inside, self._outside):
            os.set_blocking(end, False)

    def ring(self) -> None:
        """End the wait of whoever listens, now or next."""
        with contextlib.suppress(BlockingIOError):  # a full pipe rings all the same
            os.write(self._outside, b"\0")

    @contextlib.contextmanager
    def beside(self, raw: Connection[Any]) -> Iterator["Ears"]:
        """Listen for this bell, and for notifications on a connection."""
        with selectors.DefaultSelector() as selector:
            ears = Ears(raw, selector)
            selector.register(self._inside, selectors.EVENT_READ, self.silence)
            selector.register(raw.fileno(), selectors.EVENT_READ, ears.read)
            raw.add_notify_handler(ears.heard.append)
            yield ears

    def silence(self) -> None:
        """Forget that it rang."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._inside, 1 << 16)

    def close(self) -> None:
        """Take it down; nobody may ring any more."""
        os.close(self._inside)
        os.close(self._outside)


class Ears:
    """
    Waits for a bell and a connection at once.

    Parameters
    ----------
    raw
        Its notifications come here, also those that arrive with replies.
    """

    def __init__(self, raw: Connection[Any], selector: selectors.BaseSelector) -> None:
        self.heard: list[Notify] = []
        self._connection = raw.pgconn
        self._selector = selector

    def listen(self, seconds: float) -> list[Notify]:
        """Return what the database says, after the first sound or so many seconds."""
        for sound, _ in self._selector.select(seconds):
            sound.data()
        news = self.heard.copy()
        self.heard.clear()
        return news

    def read(self) -> None:
        """Take in what the connection has to say outside of replies."""
        self._connection.consume_input()
        while (note := self._connection.notifies()) and self._connection.notify_handler:
            self._connection.notify_handler(note)
