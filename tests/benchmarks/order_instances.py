"""Random order-planning instances with the distributions of the published measurements."""

import numpy as np

from optimization.decomposition import Instance, Items
from optimization.decomposition.item_program import price_blocks

SUPPLIERS_AND_STORES = {100: (2, 2), 1_000: (2, 2), 10_000: (4, 2)}


def item_locations(count: int, seed: int = 0, periods: int = 26) -> Instance:
    """
    Seasonal Poisson demand, lots of half to two weeks, minimum orders, fixed costs, safety stock.

    Capacity is 1.15 (suppliers) and 1.05 (storage) times the mean use of the uncoupled optimum,
    whose peaks then exceed it by a third to a half.
    """
    suppliers, stores = SUPPLIERS_AND_STORES.get(count, (10, 4))
    items = _items(count, suppliers, stores, np.random.default_rng(seed), periods)
    supply, storage = _uncoupled_use(items, suppliers, stores)
    idle = np.zeros((stores, periods))
    np.add.at(idle, items.store, items.volume[:, None] * np.maximum(items.net, 0.0))
    return Instance(
        items,
        np.repeat(1.15 * supply.mean(axis=1, keepdims=True), periods, axis=1),
        np.maximum(1.05 * storage.mean(axis=1, keepdims=True), 1.02 * idle),
    )


def _items(count: int, suppliers: int, stores: int, rng: np.random.Generator, periods: int) -> Items:
    rate = np.exp(rng.normal(2.2, 0.9, count))
    season = 1.0 + 0.35 * np.sin(
        2 * np.pi * (np.arange(periods) / 26 + rng.uniform(0.0, 0.25, count)[:, None])
    )
    demand = rng.poisson(rate[:, None] * season * rng.choice([0.0, 1.0, 1.0, 1.5], (count, periods)))
    lead_time = rng.integers(0, 4, count).astype(np.int32)
    holding = rng.uniform(0.2, 2.0, count) / np.sqrt(rate)
    stock = np.round(rate * rng.uniform(0.5, 4.0, count))
    pipeline = np.zeros((count, periods))
    pipeline[:, 1] = np.round(0.8 * rate * lead_time)
    volume = rng.uniform(0.2, 3.0, count)
    return Items(
        net=stock[:, None] + np.cumsum(pipeline - demand, axis=1),
        lot=np.maximum(1.0, np.round(rate * rng.choice([0.5, 1.0, 2.0], count))),
        minimum=rng.choice(np.array([1, 1, 2, 3], np.int32), count),
        maximum=np.full(count, 2**30, np.int32),
        lead_time=lead_time,
        first=lead_time,
        end=np.full(count, periods, np.int32),
        order_cost=holding * rate * rng.uniform(2.0, 12.0, count),
        unit_cost=np.zeros(count),
        holding=holding,
        backlog=holding * rng.uniform(8.0, 25.0, count),
        settlement=np.zeros(count),
        safety_stock=np.round(rate * rng.uniform(0.3, 1.5, count)),
        shortfall=holding * rng.uniform(1.0, 3.0, count),
        unit_use=volume,
        order_use=np.zeros(count),
        volume=volume,
        supplier=rng.integers(0, suppliers, count).astype(np.int32),
        store=rng.integers(0, stores, count).astype(np.int32),
    )


def _uncoupled_use(items: Items, suppliers: int, stores: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean use of each supplier and store when every item is planned alone."""
    _count, periods = items.net.shape
    order = np.argsort(items.supplier, kind="stable")
    starts = np.searchsorted(items.supplier[order], np.arange(suppliers + 1)).astype(np.int32)
    cost, supply = np.zeros(suppliers), np.zeros((suppliers, periods))
    storage = np.zeros((suppliers, stores, periods))
    free = np.zeros((suppliers, periods)), np.zeros((stores, periods))
    price_blocks(items.take(order), starts, *free, cost, supply, storage)
    return supply, storage.sum(axis=0)
