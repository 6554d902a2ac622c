"""
The work limit of one evaluation: iterations and depth of recursion, never the clock.

A scope that loops or calls carries its meter under a key that no name can spell.
"""

from typing import Any, cast

from rules.feel.errors import EffortError
from rules.feel.values import Scope, Value

MOST_STEPS = 200_000
DEEPEST_CALL = 48
_METER = "\x00"


class Meter:
    """Counts what an evaluation has spent."""

    __slots__ = ("depth", "steps")

    def __init__(self) -> None:
        self.steps = 0
        self.depth = 0

    def spend(self, steps: int) -> None:
        """Another so many iterations."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise EffortError(f"more than {MOST_STEPS} iterations; narrow the list or the range")

    def enter(self) -> None:
        """One call deeper; `leave` undoes it."""
        self.depth += 1
        if self.depth > DEEPEST_CALL:
            raise EffortError(f"functions call each other deeper than {DEEPEST_CALL}; end the recursion")

    def leave(self) -> None:
        """The call is over."""
        self.depth -= 1


def metered(scope: Scope) -> tuple[dict[str, Value], Meter]:
    """A copy of the scope to bind names in, and the meter that it shares with the original."""
    local = dict(scope)
    meter = cast("Any", local.get(_METER))
    if meter is None:
        meter = Meter()
        local[_METER] = cast("Any", meter)
    return local, meter


def with_meter(scope: Scope, caller: Scope) -> dict[str, Value]:
    """A copy of the scope that spends from the caller's meter."""
    local = dict(scope)
    local[_METER] = metered(caller)[0][_METER]
    return local
