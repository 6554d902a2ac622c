"""
Units of measure: how many base units one lane unit is. A missing factor is None, never a guess.

Conversions of the item come before general ones; a conversion also holds backwards, and chains
(a pallet of cases of pieces) are followed by the fewest steps.
"""

from collections import deque
from collections.abc import Iterable
from functools import cached_property

from optimization.network import Item, Lane, Snapshot, UnitConversion


class UnitFactors:
    """Conversion factors of a snapshot, by item and pair of units."""

    def __init__(self, conversions: Iterable[UnitConversion]) -> None:
        self._conversions = tuple(conversions)
        self._known: dict[tuple[str, str, str], float | None] = {}

    def factor(self, item: str, from_unit: str, to_unit: str) -> float | None:
        """How many `to_unit` one `from_unit` of the item is."""
        key = (item, from_unit, to_unit)
        if key not in self._known:
            self._known[key] = self._search(item, from_unit, to_unit)
        return self._known[key]

    def of_lane(self, lane: Lane, item: Item) -> float | None:
        """Base units per unit in which the lane's lot sizes and costs are stated."""
        return 1.0 if lane.unit in ("", item.unit) else self.factor(item.id, lane.unit, item.unit)

    @cached_property
    def _steps(self) -> dict[tuple[str, str], dict[str, float]]:
        """From (item or empty, unit) to its neighbours and their factors, both ways."""
        steps: dict[tuple[str, str], dict[str, float]] = {}
        for c in self._conversions:
            steps.setdefault((c.item, c.from_unit), {})[c.to_unit] = c.factor
            steps.setdefault((c.item, c.to_unit), {}).setdefault(c.from_unit, 1.0 / c.factor)
        return steps

    def _search(self, item: str, from_unit: str, to_unit: str) -> float | None:
        """Breadth first: the fewest steps, the item's own conversions first."""
        found, waiting = {from_unit: 1.0}, deque([from_unit])
        while waiting:
            unit = waiting.popleft()
            if unit == to_unit:
                return found[unit]
            for key in ((item, unit), ("", unit)):
                for following, factor in self._steps.get(key, {}).items():
                    if following not in found:
                        found[following] = found[unit] * factor
                        waiting.append(following)
        return None


def unit_factors(snapshot: Snapshot) -> UnitFactors:
    """The factors of a snapshot."""
    return UnitFactors(snapshot.conversions)
