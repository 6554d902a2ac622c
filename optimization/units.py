"""
Units of measure: how many base units of an item are in one unit; a missing factor is never guessed.

Conversions of the item come before those of every item; a conversion also holds backwards, and
chains (a pallet of cases of pieces) are followed by the fewest steps.
"""

from collections import deque
from collections.abc import Iterable

from optimization.network import Item, UnitConversion


class Units:
    """Conversion factors of a snapshot."""

    def __init__(self, conversions: Iterable[UnitConversion]) -> None:
        # from (item id or empty, unit) to its neighbours and their factors, both ways
        self._steps: dict[tuple[str, str], dict[str, float]] = {}
        self._known: dict[tuple[str, str], float | None] = {}
        for c in conversions:
            self._steps.setdefault((c.item, c.from_unit), {})[c.to_unit] = c.factor
            self._steps.setdefault((c.item, c.to_unit), {}).setdefault(c.from_unit, 1.0 / c.factor)

    def factor(self, unit: str, item: Item) -> float | None:
        """Base units in one `unit` of the item; None when nobody stated it."""
        if unit in ("", item.unit):
            return 1.0
        if (item.id, unit) not in self._known:
            self._known[item.id, unit] = self._search(unit, item)
        return self._known[item.id, unit]

    def _search(self, unit: str, item: Item) -> float | None:
        """Breadth first: the fewest steps, the item's own conversions first."""
        found, waiting = {unit: 1.0}, deque([unit])
        while waiting:
            here = waiting.popleft()
            if here == item.unit:
                return found[here]
            for key in ((item.id, here), ("", here)):
                for following, factor in self._steps.get(key, {}).items():
                    if following not in found:
                        found[following] = found[here] * factor
                        waiting.append(following)
        return None
