"""
Raising a bound: a supergradient ascent over all multipliers at once, in counted steps.

Steps are Adam's (Kingma, Ba 2015), each kind of multiplier in its natural unit, with a length that
falls geometrically. What is looked at clips the point to where its multipliers prove something;
the best bound is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimization.decomposition.instance import Floats

_FIRST_STEP, _LAST_STEP = 0.3, 0.006
_MEMORY, _SPREAD_MEMORY = 0.9, 0.98

# The bound at a point (clipped in place), its slope, and whatever else was found there.
Look = Callable[[list[Floats]], tuple[float, Sequence[Floats], Any]]


@dataclass(frozen=True, slots=True)
class Summit:
    """The best bound, the multipliers that prove it, and what was found at them."""

    value: float
    point: tuple[Floats, ...]
    found: Any


def climb(start: Sequence[Floats], scales: Sequence[Floats], look: Look, steps: int) -> Summit:
    """The best of `steps` >= 1 evaluations from a point; `scales` are the natural units."""
    walk = _Walk(start, scales)
    best = walk.look(look)
    for step in range(1, steps):
        walk.step(_FIRST_STEP * (_LAST_STEP / _FIRST_STEP) ** (step / steps))
        here = walk.look(look)
        best = here if here.value > best.value else best
    return best


class _Walk:
    """A point, and the running means of its slopes and of their squares (Adam)."""

    def __init__(self, start: Sequence[Floats], scales: Sequence[Floats]) -> None:
        self._point = [np.array(x, np.float64) for x in start]
        self._slope: list[Floats] = [np.zeros_like(x) for x in self._point]
        self._mean = [np.zeros_like(x) for x in self._point]
        self._square = [np.zeros_like(x) for x in self._point]
        self._scales = scales
        self._steps = 0

    def look(self, look: Look) -> Summit:
        """The bound here."""
        value, slope, found = look(self._point)
        self._slope = list(slope)
        return Summit(value, tuple(x.copy() for x in self._point), found)

    def step(self, length: float) -> None:
        """Move along the mean slope, each coordinate by its own measure."""
        self._steps += 1
        fair, fair_square = 1.0 - _MEMORY**self._steps, 1.0 - _SPREAD_MEMORY**self._steps
        for k, slope in enumerate(self._slope):
            self._mean[k] += (1.0 - _MEMORY) * (slope - self._mean[k])
            self._square[k] += (1.0 - _SPREAD_MEMORY) * (slope * slope - self._square[k])
            spread = np.sqrt(self._square[k] / fair_square) + 1e-12
            self._point[k] += length * self._scales[k] * (self._mean[k] / fair) / spread
