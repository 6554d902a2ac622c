"""Item-location snapshots as an ERP sends them, with the distributions of `order_instances`."""

from datetime import date, timedelta

import numpy as np

from optimization.network import (
    Demand,
    Firmness,
    Item,
    Lane,
    LaneKind,
    Location,
    Receipt,
    Resource,
    ResourceKind,
    ResourceUse,
    Snapshot,
    Stage,
    StorageCapacity,
    Supplier,
)

MONDAY = date(2026, 11, 30)
_SUPPLIERS_AND_STORES = {1_000: (2, 2), 10_000: (4, 2)}
_LOAD, _FULL = 1.15, 1.25  # capacity over mean demand; room over the stock of a week and a half


def item_location_snapshot(count: int, seed: int = 0, horizon: int = 26) -> Snapshot:
    """Purchases of `count` item-locations: seasonal demand, lots, minima, capacity of suppliers, halls."""
    rng = np.random.default_rng(seed)
    suppliers, stores = _SUPPLIERS_AND_STORES.get(count, (10, 4))
    rate = np.exp(rng.normal(2.2, 0.9, count))
    season = 1.0 + 0.35 * np.sin(
        2 * np.pi * (np.arange(horizon) / 26 + rng.uniform(0.0, 0.25, count)[:, None])
    )
    mean = rng.poisson(rate[:, None] * season * rng.choice([0.0, 1.0, 1.0, 1.5], (count, horizon)))
    lead, volume = rng.integers(0, 4, count), rng.uniform(0.2, 3.0, count)
    supplier, store = rng.integers(0, suppliers, count), rng.integers(0, stores, count)
    lot = np.maximum(1.0, np.round(rate * rng.choice([0.5, 1.0, 2.0], count)))
    minimum = lot * rng.choice([1, 1, 2, 3], count)
    value = rng.uniform(20.0, 200.0, count) / np.sqrt(rate)
    weekly = value * 0.25 * 7 / 365
    fixed = weekly * rate * rng.uniform(2.0, 12.0, count)
    stock = np.round(rate * rng.uniform(0.5, 4.0, count))
    safety = np.round(rate * rng.uniform(0.3, 1.5, count))
    return Snapshot(
        MONDAY,
        horizon=horizon,
        items=tuple(Item(f"i{n}", volume=float(volume[n]), value=float(value[n])) for n in range(count)),
        locations=tuple(
            Location(f"DC{d}", storage=(StorageCapacity("", _room(store == d, volume, stock, safety, lot, rate)),))
            for d in range(stores)
        ),
        suppliers=tuple(Supplier(f"v{g}") for g in range(suppliers)),
        stages=tuple(
            Stage(f"s{n}", f"i{n}", f"DC{store[n]}", added_cost=float(value[n]), on_hand=float(stock[n]),
                  min_stock=float(safety[n]))
            for n in range(count)
        ),
        lanes=tuple(
            Lane(f"buy{n}", LaneKind.PURCHASE, f"s{n}", supplier=f"v{supplier[n]}", lead_time=7.0 * lead[n],
                 unit_cost=float(value[n]), fixed_cost=float(fixed[n]), minimum=float(minimum[n]),
                 multiple=float(lot[n]), uses=(ResourceUse(f"volume{supplier[n]}", float(volume[n])),))
            for n in range(count)
        ),
        resources=tuple(
            Resource(f"volume{g}", ResourceKind.SUPPLIER,
                     capacity=float(_LOAD * (volume[:, None] * mean)[supplier == g].sum() / horizon))
            for g in range(suppliers)
        ),
        demands=tuple(Demand(f"s{n}", mean=tuple(map(float, mean[n]))) for n in range(count)),
        receipts=tuple(
            Receipt(f"r{n}", f"s{n}", float(round(0.8 * rate[n] * lead[n])), MONDAY + timedelta(days=7),
                    Firmness.RELEASED, f"buy{n}")
            for n in range(count) if round(0.8 * rate[n] * lead[n]) > 0
        ),
    )  # fmt: skip


def _room(here, volume, stock, safety, lot, rate):
    """Cubic metres: what lies there now, or safety stock, half a lot and a week's demand, whichever is more."""
    most = np.maximum(stock, safety + lot / 2 + rate)
    return float(_FULL * (volume * most)[here].sum())
