"""
Item-locations that share nothing but suppliers and storage: the arrays a million of them fit in.

Sets: item-locations i, periods t = 0..T-1, suppliers g, stores (places with storage) d.

    n[i,t]    lots of i that arrive in t, ordered in t - L[i]: 0 or whole, minimum <= n <= maximum
    y[i,t] =  a[i,t] + q[i] (n[i,0] + .. + n[i,t])            net stock; negative is backlog

    min   sum_{i, t < end[i]}  K[i] 1(n > 0) + u[i] q[i] n + h[i] y+ + b[i] y- + p[i] (SS[i] - y)+
          + P sum_gt overload[g,t] + R sum_dt overload[d,t]
    s.t.  sum_{i: g(i)=g} e[i] q[i] n[i,t+L[i]] + f[i] 1(n[i,t+L[i]] > 0) <= C[g,t] + overload
          sum_{i: d(i)=d} v[i] y[i,t]+                                    <= S[d,t] + overload

`a` is the net stock if nothing is ordered: stock on hand and open receipts less demand, summed
up to t. Overload is the named slack that keeps the problem feasible; its prices P and R are the
upper limits of the resource prices, so that bound and objective speak of one problem.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimization.errors import InvalidNetworkError

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

UNLIMITED = np.int32(2**30)

# An overload of supply (storage) costs this many times the median holding cost of the space.
_SUPPLY_FACTOR, _STORAGE_FACTOR = 60.0, 20.0


class Items(NamedTuple):
    """
    One entry per item-location; a named tuple, because compiled code takes it as it is.

    `net` is a[i,t] in units; `minimum` and `maximum` are lots per order; `lead_time` and `first`
    (the first period in which an order can arrive, at least the lead time) are periods; `end` is
    the period from which on nothing of the item counts and nothing can arrive; `settlement` is
    what a unit still owed in the last period that counts costs on top of `backlog`. Costs are
    money per order, unit, or unit and period.
    """

    net: Floats
    lot: Floats
    minimum: Ints
    maximum: Ints
    lead_time: Ints
    first: Ints
    end: Ints
    order_cost: Floats
    unit_cost: Floats
    holding: Floats
    backlog: Floats
    settlement: Floats
    safety_stock: Floats
    shortfall: Floats
    unit_use: Floats
    order_use: Floats
    volume: Floats
    supplier: Ints
    store: Ints

    @property
    def count(self) -> int:  # type: ignore[override]  # the field's word; nobody counts fields
        """How many item-locations there are."""
        return len(self.lot)

    def take(self, index: NDArray[np.int64] | slice) -> "Items":
        """The same fields of some items only."""
        fields: Any = (np.ascontiguousarray(values[index]) for values in self)
        return Items(*fields)


@dataclass(frozen=True)
class Instance:
    """
    The items and the capacities they share.

    Parameters
    ----------
    supply
        C[g,t] by supplier and order period; infinite where nothing limits it.
    storage
        S[d,t] by store and period; infinite where nothing limits it.
    supply_over_cost, storage_over_cost
        P and R, money per unit of overload (and period); None = a multiple of the price scale.
    offset
        Money that every plan costs on top; a gap that is asked for is relative to the whole.
    """

    items: Items
    supply: Floats
    storage: Floats
    supply_over_cost: float | None = None
    storage_over_cost: float | None = None
    offset: float = 0.0

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_values(self.items)

    @property
    def periods(self) -> int:
        """Length of the horizon."""
        return int(self.items.net.shape[1])

    @cached_property
    def price_scale(self) -> float:
        """Rho: the median holding cost of a unit of space, the natural size of a price."""
        space = np.maximum(self.items.unit_use, self.items.volume)
        has_space = space > 0.0
        if not has_space.any():
            return 1.0
        return float(np.median(self.items.holding[has_space] / space[has_space])) or 1.0

    @property
    def supply_penalty(self) -> float:
        """P: money per unit of supplier overload, also the highest supplier price."""
        return self.supply_over_cost or _SUPPLY_FACTOR * self.price_scale

    @property
    def storage_penalty(self) -> float:
        """R: money per unit of storage overload and period, also the highest storage price."""
        return self.storage_over_cost or _STORAGE_FACTOR * self.price_scale


def _check_shapes(instance: Instance) -> None:
    """Every item field is as long as `net`, every capacity as wide, and ids point somewhere."""
    items = instance.items
    if items.net.ndim != 2 or items.net.size == 0:
        raise InvalidNetworkError("items.net", "has no items or no periods", "give at least one of each")
    count, periods = items.net.shape
    arrays: tuple[NDArray[Any], ...] = tuple(items)
    for name, values in zip(items._fields[1:], arrays[1:], strict=True):
        if values.shape != (count,):
            raise InvalidNetworkError(f"items.{name}", f"has shape {values.shape}", f"give {count} values")
    for name, capacity in (("supply", instance.supply), ("storage", instance.storage)):
        if capacity.ndim != 2 or capacity.shape[1] != periods or not (capacity >= 0.0).all():
            raise InvalidNetworkError(name, "is no capacity per period", f"give {periods} numbers >= 0 a row")
    for name, ids, rows in (
        ("supplier", items.supplier, len(instance.supply)),
        ("store", items.store, len(instance.storage)),
    ):
        if ids.min() < 0 or ids.max() >= rows:
            raise InvalidNetworkError(f"items.{name}", "points at no capacity row", f"use 0..{rows - 1}")


def _check_values(items: Items) -> None:
    """Costs and sizes are finite and of the sign the item programme relies on."""
    at_least = {"lot": 1e-9, "minimum": 1, "maximum": 1, "lead_time": 0, "first": 0, "end": 1}
    arrays: tuple[NDArray[Any], ...] = tuple(items)
    for name, values in zip(items._fields, arrays, strict=True):
        low = -np.inf if name in {"net", "supplier", "store", "safety_stock"} else at_least.get(name, 0.0)
        wrong = ~(np.isfinite(values) & (values >= low))
        if wrong.any():
            where = int(np.argwhere(wrong)[0][0])
            raise InvalidNetworkError(
                f"items.{name}[{where}]", f"`{values[where]}` is out of range", f"give numbers >= {low}"
            )
    if (items.first < items.lead_time).any():
        where = int(np.argmax(items.first < items.lead_time))
        raise InvalidNetworkError(f"items.first[{where}]", "is before the lead time", "raise it")
    if (items.end > items.net.shape[1]).any():
        where = int(np.argmax(items.end > items.net.shape[1]))
        raise InvalidNetworkError(f"items.end[{where}]", "is after the last period", "lower it")
    if (items.maximum < items.minimum).any():
        where = int(np.argmax(items.maximum < items.minimum))
        raise InvalidNetworkError(f"items.maximum[{where}]", "is below the minimum", "raise it")
