"""What travels up the pipe from a worker, with its kind: the answer, an error, the best so far, progress."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ANSWER, ERROR, BEST, PROGRESS = "answer", "error", "best", "progress"

Say = Callable[[str, Any], None]


@dataclass(frozen=True, slots=True)
class Moment:
    """
    A time on the monotonic clock of whoever holds it; it travels as what is left until then.

    Parameters
    ----------
    at
        Seconds on that clock.
    """

    at: float

    def __reduce__(self) -> tuple[Callable[[float], "Moment"], tuple[float]]:
        """Clocks of two machines have nothing to do with each other."""
        return _from_now, (self.at - time.monotonic(),)


def _from_now(seconds: float) -> Moment:
    return Moment(time.monotonic() + seconds)


def error_of(error: BaseException) -> tuple[str, Any]:
    """An error as a word: its class and state, for classes whose constructors take other arguments."""
    return ERROR, (type(error), error.args, error.__dict__)


def spoken(value: Any) -> Exception:
    """The error of such a word."""
    kind, args, state = value
    error: Exception = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error
