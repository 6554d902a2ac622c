"""How long a decision may take, and who wants to hear how it goes."""

from collections.abc import Callable

import msgspec

# Told of a search as it goes: name of the solve, incumbent, bound, nodes, seconds since the start.
Watch = Callable[[tuple[str, float, float, int, float]], None]


class Effort(msgspec.Struct, frozen=True):
    """
    What the caller is ready to wait for.

    Parameters
    ----------
    deadline
        On the monotonic clock; None = as long as it takes.
    is_best_wanted
        Whether the best plan found by then is wanted, rather than an error.
    watch
        Called on another thread than the event loop's.
    """

    deadline: float | None = None
    is_best_wanted: bool = False
    watch: Watch | None = None


ALL_IT_TAKES = Effort()
