"""
Capacitated lot sizing with set-ups: the problem, on one level or over a bill of materials.

Items are numbered 0 .. I-1, periods 0 .. T-1, machines 0 .. M-1; there is no initial stock.
A set-up of an item needs the set-up of its family in the same period, which all its members
share. An item with neither set-up time, set-up cost nor family needs no set-up at all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.errors import InvalidNetworkError

Floats = NDArray[np.float64]
NO_FAMILY = -1


@dataclass(frozen=True, slots=True)
class LotItem:
    """
    An item to be made.

    Parameters
    ----------
    demand
        External demand per period, in units.
    holding_cost
        Money per unit in stock at the end of a period.
    backlog_cost
        Money per unit owed at the end of a period; None = demand must be met on time.
    unit_time, setup_time
        Time on `machine` per unit and per set-up.
    family
        Number of the family, or `NO_FAMILY`.
    """

    id: str
    demand: tuple[float, ...]
    holding_cost: float
    machine: int = 0
    unit_time: float = 1.0
    setup_time: float = 0.0
    setup_cost: float = 0.0
    backlog_cost: float | None = None
    family: int = NO_FAMILY

    @property
    def has_own_setup(self) -> bool:
        """A set-up of the item itself takes time or money."""
        return self.setup_time > 0.0 or self.setup_cost > 0.0


@dataclass(frozen=True, slots=True)
class Family:
    """Items that share a set-up on a machine."""

    id: str
    machine: int
    setup_time: float
    setup_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Machine:
    """Time available per period."""

    id: str
    capacity: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BillOfMaterial:
    """`quantity` units of item `component` go into one unit of item `successor`."""

    component: int
    successor: int
    quantity: float = 1.0


@dataclass(frozen=True, slots=True)
class LotSizingProblem:
    """
    Items, families, machines and bills of material.

    Raises
    ------
    InvalidNetworkError
        When lengths differ, a number is out of range, or the bills of material form a cycle.
    """

    name: str
    items: tuple[LotItem, ...]
    machines: tuple[Machine, ...]
    families: tuple[Family, ...] = ()
    bills: tuple[BillOfMaterial, ...] = ()

    def __post_init__(self) -> None:
        _require(bool(self.items), "items", "there are none", "name at least one")
        _require(self.periods >= 1, "items[0].demand", "is empty", "give at least one period")
        for n, machine in enumerate(self.machines):
            self._check_series(f"machines[{n}].capacity", machine.capacity)
        for n, item in enumerate(self.items):
            self._check_item(f"items[{n}]", item)
        for n, family in enumerate(self.families):
            _require(
                family.machine in range(len(self.machines)),
                f"families[{n}].machine",
                f"`{family.machine}`",
                "name a machine",
            )
            _require_amount(f"families[{n}].setup_time", family.setup_time)
            _require_amount(f"families[{n}].setup_cost", family.setup_cost)
        for n, bill in enumerate(self.bills):
            for end in (bill.component, bill.successor):
                _require(end in range(len(self.items)), f"bills[{n}]", f"`{end}` is no item", "name an item")
            _require(bill.quantity > 0.0, f"bills[{n}].quantity", f"`{bill.quantity}`", "use a number > 0")
        self.echelon()

    @property
    def periods(self) -> int:
        """Periods T."""
        return len(self.items[0].demand)

    def echelon(self) -> Floats:
        """
        Units of item i in one unit of item j, shape (items, items); 1 on the diagonal.

        (I - Q)^-1 = I + Q + Q^2 + .., a finite sum because a bill of material has no cycle.
        """
        count = len(self.items)
        direct = np.zeros((count, count))
        for bill in self.bills:
            direct[bill.component, bill.successor] += bill.quantity
        total, level = np.eye(count), direct
        for _ in range(count):
            if not level.any():
                return total
            total, level = total + level, level @ direct
        raise InvalidNetworkError("bills", "an item goes into itself", "remove one bill of the cycle")

    def _check_item(self, where: str, item: LotItem) -> None:
        self._check_series(f"{where}.demand", item.demand)
        for name in ("holding_cost", "unit_time", "setup_time", "setup_cost", "backlog_cost"):
            value = getattr(item, name)
            _require_amount(f"{where}.{name}", 0.0 if value is None else value)
        _require(
            item.machine in range(len(self.machines)),
            f"{where}.machine",
            f"`{item.machine}`",
            "name a machine",
        )
        _require(
            item.family in range(-1, len(self.families)),
            f"{where}.family",
            f"`{item.family}`",
            "name a family",
        )

    def _check_series(self, where: str, series: tuple[float, ...]) -> None:
        _require(
            len(series) == self.periods,
            where,
            f"{len(series)} values",
            f"give {self.periods}, one per period",
        )
        for t, value in enumerate(series):
            _require_amount(f"{where}[{t}]", value)


def _require(holds: bool, field: str, problem: str, fix: str) -> None:  # noqa: FBT001 - a condition, not a switch
    if not holds:
        raise InvalidNetworkError(field, problem, fix)


def _require_amount(field: str, value: float) -> None:
    _require(0.0 <= value < float("inf"), field, f"`{value}` is out of range", "use a number >= 0")
