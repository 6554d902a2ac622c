"""
Names that sort by the time they were given: UUIDs of version 7.

References
----------
RFC 9562, section 5.7; monotonic by 6.2, method 3: a fraction of the millisecond follows it.
"""

import threading
import time
from collections.abc import Callable

from audit import random_bytes

_FRACTION_BITS = 12
_VERSION, _VARIANT = 7 << 76, 0b10 << 62
_RANDOM_BITS = (1 << 62) - 1


class Names:
    """
    Gives names; each is greater than the one before, within this process.

    Parameters
    ----------
    clock
        Nanoseconds since 1970.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._last = 0
        self._door = threading.Lock()

    def __call__(self) -> str:
        """A UUID as text."""
        moment = self._moment()
        fraction = moment & ((1 << _FRACTION_BITS) - 1)
        random = int.from_bytes(random_bytes(8)) & _RANDOM_BITS
        value = (moment >> _FRACTION_BITS) << 80 | _VERSION | fraction << 64 | _VARIANT | random
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _moment(self) -> int:
        """The time in 4096ths of a millisecond; one more than the last if the clock did not move on."""
        with self._door:
            self._last = max(self._last + 1, (self._clock() << _FRACTION_BITS) // 1_000_000)
            return self._last


new_uuid = Names()
