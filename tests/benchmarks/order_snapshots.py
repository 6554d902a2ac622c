"""Item-location snapshots as an ERP sends them, with the distributions of `order_instances`."""

from datetime import date, timedelta

import numpy as np
from network_instances import network

from optimization.network import (
    Component,
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
_RATE = 0.25 * 7 / 365  # holding cost of a week, of a value
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


def network_snapshot(count: int, seed: int = 0) -> Snapshot:
    """The stages of `network_instances.network` as an ERP sends them: production, transfers, lines, trucks, halls."""
    plan = network(count, seed)
    root = _same_item(plan)
    stages = plan.stages._replace(volume=plan.stages.volume[root])
    links, horizon, is_end = plan.links, plan.periods, plan.is_end
    names = [f"s{i}" for i in range(stages.count)]

    def parents(i):
        span = range(links.parent_start[i], links.parent_start[i + 1])
        return [(names[links.parent[a]], float(links.parent_quantity[a])) for a in span]

    def uses(i):
        if stages.resource[i] >= 0:
            yield ResourceUse(f"r{stages.resource[i]}", float(stages.unit_use[i]), float(stages.order_use[i]))
        if stages.lane[i] >= 0:
            yield ResourceUse(f"t{stages.lane[i]}", float(stages.volume[i]))

    def lane(i):
        given = parents(i)
        kind = LaneKind.PURCHASE if not given else LaneKind.PRODUCTION
        source, parts = "", tuple(Component(*part) for part in given)
        if root[i] != i:
            kind, source, parts = LaneKind.TRANSFER, given[0][0], ()
        return Lane(
            f"l{i}", kind, names[i], supplier="" if given else "v", source=source, components=parts,
            lead_time=7.0 * int(stages.lead_time[i]), unit_cost=float(added[i]), fixed_cost=float(stages.order_cost[i]),
            minimum=float(stages.minimum[i] * stages.lot[i]), multiple=float(stages.lot[i]), uses=tuple(uses(i)),
        )  # fmt: skip

    value = stages.holding / _RATE
    added = value - [sum(r * value[int(name[1:])] for name, r in parents(i)) for i in range(stages.count)]
    most = (
        1.25 * np.maximum(plan.room[:, 0], _first_stock(plan, stages).max(axis=1)) if len(plan.room) else []
    )
    return Snapshot(
        MONDAY,
        horizon=horizon,
        items=tuple(Item(f"i{i}", volume=float(stages.volume[i])) for i in np.unique(root)),
        locations=(
            *(Location(f"at {name}") for name in names),
            *(Location(f"DC{d}", storage=(StorageCapacity("", float(m)),)) for d, m in enumerate(most)),
        ),
        suppliers=(Supplier("v"),),
        stages=tuple(
            Stage(names[i], f"i{root[i]}", f"DC{stages.place[i]}" if stages.place[i] >= 0 else f"at {names[i]}",
                  added_cost=float(added[i]), on_hand=float(stages.on_hand[i]),
                  min_stock=float(stages.safety_stock[i]) if is_end[i] else None)
            for i in range(stages.count)
        ),
        lanes=tuple(lane(i) for i in range(stages.count)),
        resources=(
            *(Resource(f"r{g}", ResourceKind.PRODUCTION, capacity=float(c[0])) for g, c in enumerate(plan.capacity)),
            *(Resource(f"t{g}", ResourceKind.TRANSPORT, unit_size=float(size), unit_cost=float(cost))
              for g, (size, cost) in enumerate(zip(plan.truck_size, plan.truck_cost, strict=True))),
        ),
        demands=tuple(
            Demand(names[i], penalty=float(stages.backlog[i] / 7.0), mean=tuple(map(float, stages.demand[i])))
            for i in np.flatnonzero(is_end)
        ),
        receipts=tuple(
            Receipt(f"o{i}.{t}", names[i], float(stages.receipts[i, t]), MONDAY + timedelta(days=7 * int(t)),
                    Firmness.RELEASED, f"l{i}")
            for i, t in np.argwhere(stages.receipts > 0.0)
        ),
    )  # fmt: skip


def _same_item(plan):
    """By stage, the stage whose item it holds: its own, or of a centre or store its supplier's."""
    links, root = plan.links, np.arange(plan.stages.count)
    for i in links.downward:
        if plan.stages.lane[i] >= 0:
            root[i] = root[links.parent[links.parent_start[i]]]
    return root


def _first_stock(plan, stages):
    """Room that what is there and what comes takes in each hall until the first order can arrive."""
    filled = np.zeros(plan.room.shape)
    placed = stages.place >= 0
    there = stages.on_hand[:, None] + np.cumsum(stages.receipts, axis=1)
    np.add.at(filled, stages.place[placed], stages.volume[placed, None] * there[placed])
    return filled
