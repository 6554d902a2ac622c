"""
From need to order quantity: the release's steps, in the release's order; later steps win.

    MINIMUM    at least the lane's minimum
    MULTIPLE   up to the next whole multiple
    MAXIMUM    at most the lane's maximum; after MULTIPLE, down to a whole multiple

With minimum 50 and multiple 3 a need of 20 becomes 51 when MULTIPLE comes after MINIMUM, and 50
when it comes before. A minimum above the maximum gives way when MAXIMUM comes later, and wins when
it comes earlier. The quantities that can come out at all form the set planning chooses from:

    { smallest } + { step n : smallest <= step n <= largest }       step 0: any quantity
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from optimization.parameters import RoundingStep

_SLACK = 1e-9  # relative: 51 / 3 must not become 18 lots


@dataclass(frozen=True, slots=True)
class LotRule:
    """Minimum, multiple and maximum of one lane in base units, and the order of the steps."""

    minimum: float = 0.0
    multiple: float = 0.0
    maximum: float = math.inf
    steps: tuple[RoundingStep, ...] = (RoundingStep.MINIMUM, RoundingStep.MULTIPLE, RoundingStep.MAXIMUM)

    @property
    def smallest(self) -> float:
        """Least quantity an order can have; 0 when any positive quantity will do."""
        tiny = self.multiple or self.minimum * 1e-6
        quantity = self.round(tiny)[0] if tiny else 0.0
        return 0.0 if quantity == tiny and not self.multiple else quantity

    @property
    def largest(self) -> float:
        """Most one order can have."""
        return self.round(math.inf)[0]

    @property
    def is_possible(self) -> bool:
        """False when rounding leaves nothing of any need."""
        return self.largest > 0.0

    def round(self, need: float) -> tuple[float, tuple[str, ...]]:
        """The order quantity for a need, and the steps that changed it."""
        quantity, applied, is_whole = need, [], False
        for step in self.steps:
            before = quantity
            if step is RoundingStep.MINIMUM:
                quantity = max(quantity, self.minimum)
                bound = self.minimum
            elif step is RoundingStep.MULTIPLE:
                quantity, is_whole, bound = self._up(quantity), True, self.multiple
            else:
                cap = self._down(self.maximum) if is_whole else self.maximum
                quantity, bound = min(quantity, cap), self.maximum
            if quantity != before:
                applied.append(f"{step.value.lower()} {bound:.12g}")
        return quantity, tuple(applied)

    def allows(self, quantity: float, tolerance: float = 1e-6) -> bool:
        """Whether rounding can end at this quantity."""
        if not self.smallest - tolerance <= quantity <= self.largest + tolerance:
            return False
        if not self.multiple or abs(quantity - self.smallest) <= tolerance:
            return True
        if abs(quantity - self.largest) <= tolerance:
            return True
        lots = quantity / self.multiple
        return abs(lots - round(lots)) * self.multiple <= tolerance

    def at_most(self, room: float) -> float:
        """The largest allowed quantity within `room`, 0 when there is none."""
        smallest, largest = _ends(self)
        room = min(room, largest)
        if room < smallest * (1.0 - _SLACK):
            return 0.0
        if not self.multiple or room == largest:
            return room
        return max(self._down(room), smallest)

    def _up(self, quantity: float) -> float:
        if not self.multiple or math.isinf(quantity):
            return quantity
        return self.multiple * math.ceil(quantity / self.multiple * (1.0 - _SLACK))

    def _down(self, quantity: float) -> float:
        if not self.multiple or math.isinf(quantity):
            return quantity
        return self.multiple * math.floor(quantity / self.multiple * (1.0 + _SLACK))


@lru_cache(maxsize=2**17)
def _ends(rule: LotRule) -> tuple[float, float]:
    """Least and most of an order: asked for on every release of a lane."""
    return rule.smallest, rule.largest
