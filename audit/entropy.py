"""
Random bytes, drawn from the system by the piece.

Asking the system lets go of the interpreter's lock, and under load another thread keeps that for
milliseconds: a decision that draws its salt and its name by itself waits longer than it computes.
"""

import os
import threading

PIECE = 4096  # bytes drawn at a time


class Entropy:
    """
    A stock of random bytes. Each is handed out once; a forked process draws its own.
    """

    _door: threading.Lock
    _stock: bytes
    _used: int

    def __init__(self) -> None:
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def __call__(self, count: int) -> bytes:
        """Return so many random bytes."""
        with self._door:
            end = self._used + count
            if end > len(self._stock):
                self._stock, self._used, end = os.urandom(max(PIECE, count)), 0, count
            drawn = self._stock[self._used : end]
            self._used = end
            return drawn

    def _renew(self) -> None:
        """An empty stock, and a lock that nobody holds: who held it did not come along into the fork."""
        self._door, self._stock, self._used = threading.Lock(), b"", 0


random_bytes = Entropy()
