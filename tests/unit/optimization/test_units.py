import pytest

from optimization.network import Item, Lane, LaneKind, UnitConversion
from optimization.units import UnitFactors


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
    assert expected == UnitFactors(conversions).factor("bolt", "CS", "EA")


def test_a_lane_without_a_unit_is_in_the_base_unit():
    """
    An empty unit, or the item's own, needs no conversion.
    """
    item = Item("bolt", unit="EA")

    assert [1.0, 1.0, None] == [
        UnitFactors(()).of_lane(Lane("l", LaneKind.PURCHASE, "s", unit=unit), item)
        for unit in ("", "EA", "CS")
    ]
