"""Units of measure: how many base units of an item are in one unit; a missing factor is never guessed."""

from collections.abc import Iterable

from optimization.network import Item, UnitConversion


class Units:
    """Conversion factors by item, either way round, the item's own before those of every item."""

    def __init__(self, conversions: Iterable[UnitConversion]) -> None:
        self._factors: dict[tuple[str, str, str], float] = {}
        for c in conversions:
            self._factors.setdefault((c.item, c.to_unit, c.from_unit), 1.0 / c.factor)
        for c in conversions:
            self._factors[c.item, c.from_unit, c.to_unit] = c.factor

    def factor(self, unit: str, item: Item) -> float | None:
        """Base units in one `unit` of the item; None when nobody stated it."""
        if unit in ("", item.unit):
            return 1.0
        own = self._factors.get((item.id, unit, item.unit))
        return self._factors.get(("", unit, item.unit)) if own is None else own
