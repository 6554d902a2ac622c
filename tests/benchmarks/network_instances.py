"""Random multi-echelon networks: supplier, plant with bills of materials, distribution, stores."""

import numpy as np

from optimization.decomposition.network import Network, Stages, link


def network(count, seed=0, periods=26, tightness=1.4):
    """
    About `count` stages: 6 % raw, 4 % sub-assemblies, 9 % finished, 16 % centres, 65 % stores.

    Lots of a quarter to one week, minimum 1 to 3 lots, set-up costs of 0.7 to 5 weeks, line set-up
    time of 0.3 weeks, whole trucks. Capacity is `tightness` times the mean use of a nominal plan.
    """
    rng = np.random.default_rng(seed)
    kinds = np.repeat(np.arange(5), _sizes(count))
    source, target, quantity = _links(kinds, rng)
    links = link(kinds.size, source, target, quantity)
    rate = np.where(kinds == 4, np.exp(rng.normal(2.2, 0.9, kinds.size)), 0.0)
    lead_time = rng.integers(np.array([2, 1, 1, 0, 0])[kinds], np.array([7, 3, 3, 3, 3])[kinds]).astype(
        np.int32
    )
    holding = rng.uniform(0.02, 0.2, kinds.size) * np.array([1, 1, 1, 0.3, 0.3])[kinds]
    for i in links.downward[::-1]:
        for a in range(links.child_start[i], links.child_start[i + 1]):
            rate[i] += links.child_quantity[a] * rate[links.child[a]]
    for i in links.downward:
        for a in range(links.parent_start[i], links.parent_start[i + 1]):
            holding[i] += links.parent_quantity[a] * holding[links.parent[a]]
    rate = np.maximum(rate, 0.1)
    season = 1.0 + 0.35 * np.sin(
        2 * np.pi * (np.arange(periods) / 26 + rng.uniform(0, 0.25, kinds.size)[:, None])
    )
    demand = rng.poisson(rate[:, None] * season * rng.choice([0.0, 1.0, 1.0, 1.5], season.shape))
    demand = np.where((kinds == 4)[:, None], demand, 0).astype(float)
    lot = np.maximum(1.0, np.round(rate * rng.choice([0.25, 0.5, 1.0], kinds.size)))
    minimum = rng.integers(1, 4, kinds.size).astype(np.int32)
    cycle = rng.uniform(0.7, 5.0, kinds.size)
    receipts = np.zeros((kinds.size, periods))
    for t in range(periods):
        receipts[:, t] = np.where(t < lead_time, np.round(rate), 0.0)
    on_line = (kinds == 1) | (kinds == 2)
    resource, lane, place, sizes = _shared(kinds, links, rng)
    order_use = np.where(on_line, 0.3 * rate, 0.0)
    volume = rng.uniform(0.2, 2.0, kinds.size)
    stages = Stages(
        on_hand=np.round(
            rate * np.where(kinds == 4, rng.uniform(1.0, 3.0, kinds.size), rng.uniform(0.5, 3.0, kinds.size))
        ),
        receipts=receipts,
        demand=demand,
        lot=lot,
        minimum=minimum,
        lead_time=lead_time,
        order_cost=holding * rate * cycle**2 / 2.0,
        holding=holding,
        backlog=np.where(kinds == 4, holding * rng.uniform(8.0, 25.0, kinds.size), 0.0),
        safety_stock=np.where(kinds == 4, np.round(rate * rng.uniform(0.3, 1.5, kinds.size)), 0.0),
        shortfall=np.where(kinds == 4, holding * rng.uniform(1.0, 3.0, kinds.size), 0.0),
        resource=resource,
        unit_use=np.where(resource >= 0, 1.0, 0.0),
        order_use=order_use,
        lane=lane,
        place=place,
        volume=volume,
    )
    order_size = np.maximum(rate * np.maximum(cycle, 1.0), lot * minimum)
    use = rate + order_use * rate / order_size
    capacity = np.zeros(sizes[0])
    np.add.at(capacity, resource[resource >= 0], use[resource >= 0])
    most = np.zeros(sizes[0])
    np.maximum.at(most, resource[resource >= 0], (lot * minimum + order_use)[resource >= 0])
    flow = np.zeros(sizes[1])
    np.add.at(flow, lane[lane >= 0], (volume * rate)[lane >= 0])
    truck_size = np.maximum(flow, 1.0) / rng.uniform(0.7, 5.0, sizes[1])
    worth = np.zeros(sizes[1])
    np.add.at(worth, lane[lane >= 0], (holding * rate)[lane >= 0])
    room = np.zeros(sizes[2])
    np.add.at(room, place[place >= 0], (volume * (order_size + 2.0 * rate))[place >= 0])
    return Network(
        stages, links,
        np.repeat(np.maximum(tightness * 0.8 * capacity, 1.5 * most)[:, None], periods, axis=1),
        truck_size, 1.5 * worth * truck_size / np.maximum(flow, 1.0),
        np.repeat(room[:, None], periods, axis=1),
        crowding=float(np.median(holding / volume)),
    )  # fmt: skip


def _sizes(count):
    return np.maximum(1, np.round(np.array([0.06, 0.04, 0.09, 0.16, 0.65]) * count)).astype(int)


def _links(kinds, rng):
    """Raw into sub-assemblies and finished goods; finished to 1-3 centres; centre to its stores."""
    first = np.searchsorted(kinds, np.arange(6))
    groups = [np.arange(first[k], first[k + 1]) for k in range(5)]
    pairs = []
    for j in groups[1]:
        pairs += [
            (p, j, int(rng.integers(1, 3))) for p in rng.choice(groups[0], min(2, groups[0].size), False)
        ]
    for j in groups[2]:
        makers = np.concatenate([groups[0], groups[1]])
        pairs += [(p, j, int(rng.integers(1, 4))) for p in rng.choice(makers, min(2, makers.size), False)]
    for upper, lower in ((2, 3), (3, 4)):
        owner = np.arange(groups[lower].size) % groups[upper].size
        pairs += [(groups[upper][p], j, 1) for p, j in zip(owner, groups[lower], strict=True)]
    used = {p for p, _, _ in pairs}
    for p in np.concatenate([groups[0], groups[1]]):  # nothing is made for nobody
        if p not in used:
            pairs.append((p, int(rng.choice(groups[2])), 1))
    source, target, quantity = (np.array(column) for column in zip(*pairs, strict=True))
    return source.astype(np.int32), target.astype(np.int32), quantity.astype(float)


def _shared(kinds, links, rng):
    """Suppliers and lines; lanes into regions; places."""
    count = kinds.size
    suppliers, lines = max(1, count // 150), max(1, count // 60)
    resource = np.full(count, -1, np.int32)
    raw, made = kinds == 0, (kinds == 1) | (kinds == 2)
    resource[raw] = rng.integers(0, suppliers, raw.sum())
    resource[made] = suppliers + rng.integers(0, lines, made.sum())
    centres, regions = max(1, count // 60), max(1, count // 15)
    lane = np.full(count, -1, np.int32)
    place = np.full(count, -1, np.int32)
    centre, store = np.flatnonzero(kinds == 3), np.flatnonzero(kinds == 4)
    place[centre] = rng.integers(0, centres, centre.size)
    lane[centre] = place[centre]
    lane[store] = centres + rng.integers(0, regions, store.size)
    return resource, lane, place, (suppliers + lines, centres + regions, centres)
