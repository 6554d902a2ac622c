import pytest

from optimization.network import Item, UnitConversion
from optimization.units import Units

BOLT = Item("bolt", unit="EA")


def conversion(from_unit, to_unit, factor, item=""):
    return UnitConversion(from_unit, to_unit, factor, item)


@pytest.mark.parametrize(
    ("conversions", "expected"),
    [
        ((conversion("CS", "EA", 12),), 12),
        ((conversion("EA", "CS", 0.25),), 4),
        ((conversion("CS", "EA", 12), conversion("CS", "EA", 6, item="bolt")), 6),
        ((conversion("CS", "BX", 4), conversion("BX", "EA", 10)), 40),
        ((conversion("CS", "EA", 6, item="nut"),), None),
        ((), None),
    ],
)
def test_a_factor_is_direct_inverse_own_chained_or_absent(conversions, expected):
    """
    The item's own conversion wins, chains are followed, and nothing is guessed.
    """
    assert expected == Units(conversions).factor("CS", BOLT)


@pytest.mark.parametrize("unit", ["", "EA"])
def test_the_base_unit_needs_no_conversion(unit):
    """
    An empty unit, or the item's own, is the base unit.
    """
    assert 1.0 == Units(()).factor(unit, BOLT)
