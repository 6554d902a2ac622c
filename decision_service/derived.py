"""What follows from a value and stays with it: worked out once, gone when the value goes."""

from collections.abc import Callable, Hashable
from typing import TypeVar

MOST = 16  # things that follow from one value
T = TypeVar("T")


class Followed:
    """A frozen value, without slots, that keeps what follows from it."""

    def derived(self, what: Hashable, work_out: Callable[[], T]) -> T:
        """What follows from this value and from what `what` names, and from nothing else."""
        followed: dict[Hashable, T] | None = self.__dict__.get("_followed")
        if followed is None:
            followed = self.__dict__["_followed"] = {}
        try:
            return followed[what]
        except KeyError:
            found = work_out()
        if len(followed) >= MOST:  # another day, another release: the earlier ones are over
            followed.clear()
        followed[what] = found
        return found
