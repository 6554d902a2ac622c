"""
The log, read once for all who follow it.

A follower is brought up to date when it is asked for something. Others that stand at the same place come along
with what was read and decoded for it, a chunk at a time. None waits for another: one that is busy, or that fails, reads
for itself when it is asked.
"""

import logging
import threading
from typing import Protocol

from audit import Ledger
from decision_service.followers.reading import Chunk, read_chunk

CHUNK = 4096  # entries
_LOG = logging.getLogger(__name__)


class Follower(Protocol):
    """
    What tails the log from its own cursor.

    Attributes
    ----------
    position
        How many entries it has followed.
    lock
        Held by whoever reads or changes what it keeps; reentrant.
    """

    position: int
    lock: "threading.RLock"

    def follow(self, chunk: Chunk) -> None:
        """Take in what comes next, all of it or none, and move on."""


class Following:
    """Those who follow one log."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._followers: list[Follower] = []

    def join(self, follower: Follower) -> None:
        """From now on it comes along."""
        self._followers.append(follower)

    def bring(self, asked: Follower) -> None:
        """Up to date, by a caller who holds its lock; others come along where they can."""
        size = self._ledger.size
        while (place := asked.position) < size:
            ahead = (other.position for other in self._followers if other.position > place)
            chunk = read_chunk(self._ledger, place, min(place + CHUNK, size, *ahead))
            asked.follow(chunk)
            for other in self._followers:
                _bring_along(other, place, chunk)


def _bring_along(other: Follower, place: int, chunk: Chunk) -> None:
    if not other.lock.acquire(blocking=False):
        return
    try:
        if other.position == place:
            other.follow(chunk)
    except Exception:  # noqa: BLE001 - whatever it was, it is told to whoever asks that follower
        _LOG.exception("a follower of the log did not come along; it reads for itself when it is asked")
    finally:
        other.lock.release()
