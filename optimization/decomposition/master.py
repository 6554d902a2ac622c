"""
Dantzig and Wolfe's master problem, seen from the prices: cutting planes on the dual function.

    max  sum_b theta[b] - l . C - m . S
    s.t. theta[b] <= cost[b,j] + l[g(b)] . U[b,j] + m . S[b,j]     for every block b, cut j
         0 <= l <= P,  0 <= m <= R

Cut j of a block are the sums over one set of plans of its items. The value is never below the
dual optimum; the row duals weigh the cuts of a block (they add up to 1), which is what rounding
needs. One simplex, warm from cut to cut.
"""

from dataclasses import dataclass

import numpy as np

from optimization.decomposition.blocks import Blocks, Cuts, Prices
from optimization.decomposition.instance import Floats
from optimization.errors import SolverError
from optimization.report import SolveLimits
from optimization.solver import new_highs, run


@dataclass(frozen=True, slots=True)
class MasterSolution:
    """Value, prices, and the weights[j,b] of cut j in block b."""

    value: float
    prices: Prices
    weights: Floats


class Master:
    """Columns theta, supply prices, storage prices; prices are scaled to stay near 1."""

    def __init__(self, blocks: Blocks, limits: SolveLimits) -> None:
        instance = blocks.instance
        self._blocks = blocks
        self._scale = instance.price_scale
        self._suppliers, self._periods = instance.supply.shape
        self._stores = len(instance.storage)
        self._cuts = 0
        self._highs = new_highs(limits, presolve="off", solver="simplex", simplex_strategy=1)
        self._add_columns()

    def _add_columns(self) -> None:
        """Minimise -theta + scale (C . l + S . m); a price of unlimited capacity stays 0."""
        instance, count = self._blocks.instance, self._blocks.count
        capacity = np.concatenate([instance.supply.ravel(), instance.storage.ravel()])
        top = np.concatenate(
            [
                np.full(instance.supply.size, instance.supply_penalty),
                np.full(instance.storage.size, instance.storage_penalty),
            ]
        )
        is_limited = np.isfinite(capacity)
        free = np.full(count, self._highs.getInfinity())
        cost = np.concatenate([np.full(count, -1.0), self._scale * np.where(is_limited, capacity, 0.0)])
        lower = np.concatenate([-free, np.zeros(capacity.size)])
        self._top = np.where(is_limited, top / self._scale, 0.0)
        upper = np.concatenate([free, self._top])
        empty = np.empty(0, np.int32)
        self._highs.addCols(cost.size, cost, lower, upper, 0, empty, empty, np.empty(0))

    def add(self, cuts: Cuts) -> None:
        """One more cut for every block."""
        blocks, periods = self._blocks.count, self._periods
        first = blocks + periods * self._blocks.supplier
        supply_columns = first[:, None] + np.arange(periods)
        storage_first = blocks + self._suppliers * periods
        storage_columns = np.broadcast_to(
            storage_first + np.arange(self._stores * periods), (blocks, self._stores * periods)
        )
        columns = np.hstack([np.arange(blocks)[:, None], supply_columns, storage_columns]).astype(np.int32)
        values = np.hstack(
            [
                np.ones((blocks, 1)),
                -self._scale * cuts.supply,
                -self._scale * cuts.storage.reshape(blocks, -1),
            ]
        )
        kept = values != 0.0
        starts = np.concatenate([[0], np.cumsum(kept.sum(axis=1))[:-1]]).astype(np.int32)
        low = np.full(blocks, -self._highs.getInfinity())
        self._highs.addRows(blocks, low, cuts.cost, int(kept.sum()), starts, columns[kept], values[kept])
        self._cuts += 1

    def trust(self, centre: Prices, radius: float) -> None:
        """Look only at prices within `radius` times (price + half the price scale) of the centre."""
        near = np.concatenate([centre.supply.ravel(), centre.storage.ravel()]) / self._scale
        reach = radius * (near + 0.5)
        first = self._blocks.count
        columns = np.arange(first, first + near.size, dtype=np.int32)
        self._highs.changeColsBounds(
            near.size, columns, np.clip(near - reach, 0.0, self._top), np.clip(near + reach, 0.0, self._top)
        )

    def solve(self) -> MasterSolution:
        """The prices the cuts so far point at."""
        run(self._highs)
        if not self._highs.getModelStatus().name == "kOptimal":
            raise SolverError(f"the price master ended as {self._highs.getModelStatus().name}")
        solution, blocks = self._highs.getSolution(), self._blocks.count
        scaled = self._scale * np.array(solution.col_value)[blocks:]
        edge = self._suppliers * self._periods
        prices = Prices(
            np.maximum(scaled[:edge], 0.0).reshape(self._suppliers, self._periods),
            np.maximum(scaled[edge:], 0.0).reshape(self._stores, self._periods),
        )
        weights = np.maximum(-np.array(solution.row_dual), 0.0).reshape(self._cuts, blocks)
        return MasterSolution(-self._highs.getInfo().objective_function_value, prices, weights)

    def use_capacity(self, share: float) -> None:
        """Pretend that every capacity is `share` of itself: room for what rounding adds."""
        instance, first = self._blocks.instance, self._blocks.count
        capacity = np.concatenate([instance.supply.ravel(), instance.storage.ravel()])
        cost = self._scale * share * np.where(np.isfinite(capacity), capacity, 0.0)
        columns = np.arange(first, first + capacity.size, dtype=np.int32)
        self._highs.changeColsCost(columns.size, columns, cost)
