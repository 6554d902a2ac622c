"""
What the bound needs of an order problem, as arrays: positions, links, orders, and what they share.

A stage is an *end* where all that is not its own stock leaves it by its own demand, which waits: its
net stock is its position N. Elsewhere (*inner*: orders consume from it, or sales are lost) net stock
x is a variable of its own, tied to N by prices. Lanes between stages that supply each other in circles
are *loose*: no position counts what arrives on them, their orders are priced one by one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from optimization.replenishment.levels import levels, within_circles
from optimization.replenishment.linked.limits import all_orders, beyond_kinks, largest_orders
from optimization.replenishment.linked.stage_program import Block
from optimization.replenishment.model import has_backlog
from optimization.replenishment.order_sizes import is_off_grid, most_lots
from optimization.replenishment.problem import Flags, Floats, Ints, OrderProblem
from optimization.replenishment.stage_program import common_grain

_BLOCK = 256  # stages planned in one call
_MOST_CELLS = 3_000
_CELLS = 256  # where grains are a matter of choice
_FINEST = 1e-6  # relative


@dataclass(frozen=True, slots=True)
class Orders:
    """One entry per order that may be placed, by stage and bucket of arrival."""

    stage: Ints
    lane: Ints
    bucket: Ints
    arrival: Ints


@dataclass(frozen=True)
class Relaxation:
    """An order problem seen as stages that share only what has a price."""

    problem: OrderProblem

    @cached_property
    def net(self) -> Floats:
        """Net stock if nothing is ordered, by stage and bucket."""
        stages = self.problem.stages
        flow = stages.receipts - stages.demand
        flow[:, 0] += stages.on_hand - stages.backorders
        return np.cumsum(flow, axis=1)

    @cached_property
    def is_inner(self) -> Flags:
        """Stages whose stock is not their position."""
        inner = self.problem.stages.is_lost.copy()
        inner[self.problem.arcs.stage] = True
        return inner

    @cached_property
    def is_loose(self) -> Flags:
        """Lanes within circles."""
        return within_circles(len(self.problem.stages.ids), self.problem.lanes.stage, self.problem.arcs)

    @cached_property
    def used(self) -> Flags:
        """Lanes on which an order can be placed that counts in positions."""
        return np.asarray(self.problem.lanes.is_open.any(axis=1) & ~self.is_loose)

    @cached_property
    def consumption(self) -> csr_matrix:
        """Units of a stage per unit ordered on a lane."""
        arcs = self.problem.arcs
        shape = (self.problem.lanes.stage.size, len(self.problem.stages.ids))
        return csr_matrix((arcs.quantity, (arcs.lane, arcs.stage)), shape=shape)

    @cached_property
    def per_unit(self) -> csr_matrix:
        """Use of a resource (whole units where it is bought so) per unit ordered on a lane."""
        return self._use(self.problem.resources.per_unit)

    @cached_property
    def per_order(self) -> csr_matrix:
        """The same per order."""
        return self._use(self.problem.resources.per_order)

    def _use(self, amount: Floats) -> csr_matrix:
        resources = self.problem.resources
        size = np.where(resources.unit_size > 0.0, resources.unit_size, 1.0)
        shape = (self.problem.lanes.stage.size, len(resources.ids))
        return csr_matrix(
            (amount / size[resources.resource], (resources.lane, resources.resource)), shape=shape
        )

    @cached_property
    def space(self) -> csr_matrix:
        """Room per unit of a stage's stock; of what perishes none, since writing it off makes room."""
        stores, lasts = self.problem.stores, self.problem.stages.life < 0
        kept = lasts[stores.stage]
        shape = (len(self.problem.stages.ids), len(stores.ids))
        return csr_matrix((stores.per_unit[kept], (stores.stage[kept], stores.store[kept])), shape=shape)

    @cached_property
    def ahead(self) -> Ints:
        """phi: by stage and bucket t, the last bucket by whose end nothing placed after t has arrived."""
        problem, last = self.problem, self.problem.buckets - 1
        lanes = problem.lanes
        ahead = np.full((len(problem.stages.ids), problem.buckets), last)
        arrival = np.where(lanes.is_open & ~self.is_loose[:, None], lanes.arrival, last + 1)
        later = np.minimum.accumulate(arrival[:, ::-1], axis=1)[:, ::-1]
        np.minimum.at(ahead[:, : problem.horizon - 1], lanes.stage, later[:, 1:] - 1)
        return ahead

    @cached_property
    def links(self) -> tuple[Ints, Ints, Floats]:
        """Parent, child, and the least the child's lanes take of the parent; suppliers first."""
        lanes, uses = self.problem.lanes, self.consumption.tocoo()
        lanes_of = np.bincount(lanes.stage[self.used], minlength=len(self.problem.stages.ids))
        least: dict[tuple[int, int], list[float]] = {}
        for lane, parent, quantity in zip(
            uses.row.tolist(), uses.col.tolist(), uses.data.tolist(), strict=True
        ):
            if self.used[lane]:
                least.setdefault((parent, int(lanes.stage[lane])), []).append(quantity)
        level = levels(self.problem)
        kept = [(p, j, min(q)) for (p, j), q in least.items() if len(q) == lanes_of[j]]
        kept.sort(key=lambda link: (level[link[0]], link[0], link[1]))
        parent, child, quantity = zip(*kept, strict=True) if kept else ((), (), ())
        return np.array(parent, np.int64), np.array(child, np.int64), np.array(quantity, np.float64)

    @cached_property
    def position(self) -> Floats:
        """N if nothing is ordered: own net stock, and what is below through the links."""
        return self._through_links(self.net)

    @cached_property
    def safety(self) -> Floats:
        """P: own target and, through the links, those below."""
        return self._through_links(self.problem.stages.target)

    def _through_links(self, own: Floats) -> Floats:
        total, (parent, child, quantity) = own.copy(), self.links
        for e in range(parent.size - 1, -1, -1):
            j = child[e]
            total[parent[e]] += quantity[e] * total[j, self.ahead[j]]
        return total

    @cached_property
    def owed_at_most(self) -> Floats:
        """The most that can be owed at an inner stage."""
        stages = self.problem.stages
        wanted = np.cumsum(stages.demand, axis=1) + stages.backorders[:, None]
        return np.where(has_backlog(self.problem)[:, None], wanted, 0.0)

    @cached_property
    def steepest(self) -> Floats:
        """What a unit of stock costs where there is plenty, its room aside."""
        problem, stages = self.problem, self.problem.stages
        above = np.where(np.isfinite(stages.ceiling), stages.excess_cost, 0.0)
        return (stages.holding + above)[:, None] * problem.counted - problem.kept_worth

    @cached_property
    def orders(self) -> Orders:
        """Orders that count in positions; the smallest quantity off the grid of lots is one of its own."""
        return self._orders[0]

    @cached_property
    def block(self) -> Block:
        """All stages as one block."""
        (cells, grain, is_exact), (orders, low, stride) = self._grains, self._orders
        first = np.searchsorted(orders.stage, np.arange(cells.size + 1))
        return Block(
            cells, grain, is_exact, self.position, self.safety, self._ceiling, first, orders.arrival,
            _whole(low), _whole(self._highest(orders)), stride.astype(np.int64),
        )  # fmt: skip

    def _highest(self, orders: Orders) -> Floats:
        """By order, the most grains that stand for a quantity it can have."""
        _, grain, is_exact = self._grains
        units = self._largest[orders.lane, orders.bucket]
        grains = np.floor(units / grain[orders.stage] + _FINEST) + np.where(is_exact[orders.stage], 0.0, 1.0)
        return np.where(units > 0.0, grains, 0.0)

    @cached_property
    def _largest(self) -> Floats:
        return largest_orders(self.problem)

    @cached_property
    def blocks(self) -> list[tuple[slice, slice, Block]]:
        """The same in pieces: which stages, which orders."""
        whole, cut = self.block, []
        for start in range(0, whole.cells.size, _BLOCK):
            stages = slice(start, min(start + _BLOCK, whole.cells.size))
            orders = slice(int(whole.first[stages.start]), int(whole.first[stages.stop]))
            block = Block(
                whole.cells[stages], whole.grain[stages], whole.is_exact[stages], whole.net[stages],
                whole.safety[stages], whole.ceiling[stages],
                whole.first[stages.start : stages.stop + 1] - orders.start,
                whole.arrival[orders], whole.low[orders], whole.high[orders], whole.stride[orders],
            )  # fmt: skip
            cut.append((stages, orders, block))
        return cut

    @cached_property
    def loose_orders(self) -> tuple[Orders, Floats]:
        """Orders on loose lanes, and the largest quantity of each."""
        lanes = self.problem.lanes
        lane, bucket = np.nonzero(lanes.is_open & self.is_loose[:, None])
        lots = most_lots(self.problem)[lane, bucket]
        most = np.maximum(lots * lanes.step[lane], lanes.smallest[lane])
        orders = Orders(lanes.stage[lane], lane, bucket, lanes.arrival[lane, bucket])
        return orders, np.minimum(most, self._largest[lane, bucket])

    @cached_property
    def _orders(self) -> tuple[Orders, Floats, Floats]:
        """Orders, and by order its least number of grains and by how many more are added."""
        lanes, (_, grain, is_exact) = self.problem.lanes, self._grains
        lane, bucket = np.nonzero(lanes.is_open & ~self.is_loose[:, None])
        stage = lanes.stage[lane]
        lots = np.where(lanes.is_whole, np.ceil(lanes.smallest / lanes.step * (1.0 - _FINEST)), 1.0)
        least = np.where(lanes.is_whole, np.maximum(lots, 1.0) * lanes.step, lanes.smallest)
        off = is_off_grid(self.problem)
        size = np.concatenate([least[lane], lanes.smallest[lane[off[lane]]]])
        stride = np.where(
            is_exact[stage] & lanes.is_whole[lane], np.round(lanes.step[lane] / grain[stage]), 1.0
        )
        once = np.full(int(off[lane].sum()), self.problem.buckets * _MOST_CELLS)  # no second step fits
        stride = np.concatenate([stride, np.where(is_exact[stage[off[lane]]], once, 1.0)])
        lane, bucket = (np.concatenate([x, x[off[lane]]]) for x in (lane, bucket))
        stage = lanes.stage[lane]
        arrival = lanes.arrival[lane, bucket]
        low = size / grain[stage]
        low = np.where(is_exact[stage], np.round(low), np.maximum(1.0, np.floor(low * (1.0 - _FINEST))))
        rank = np.lexsort((bucket, lane, arrival, stage))
        return Orders(*(x[rank] for x in (stage, lane, bucket, arrival))), low[rank], stride[rank]

    @cached_property
    def _grains(self) -> tuple[Ints, Floats, Flags]:
        """By stage: how many grains, of what size, and whether they say everything."""
        lanes, count = self.problem.lanes, len(self.problem.stages.ids)
        most = beyond_kinks(self.problem, self.used, self.position, self.safety, self._ceiling)
        off = is_off_grid(self.problem)
        cells, grain, is_exact = np.ones(count, np.int64), np.ones(count), np.ones(count, np.bool_)
        for i in np.flatnonzero(np.bincount(lanes.stage[self.used], minlength=count) > 0):
            mine = self._lanes_of[i]
            whole = lanes.is_whole[mine].all()
            sizes = [*lanes.step[mine], *lanes.smallest[mine[off[mine]]]]
            grain[i] = common_grain(sizes) if whole else 0.0
            is_exact[i] = grain[i] > 0.0 and most[i] / grain[i] < _MOST_CELLS
            if not is_exact[i]:
                grain[i] = max(most[i], _FINEST) / _CELLS
            cells[i] = int(np.ceil(most[i] / grain[i] - _FINEST)) + 1
        return cells, grain, is_exact

    @cached_property
    def _ceiling(self) -> Floats:
        """Where positions of end stages begin to be too high."""
        return np.where(self.is_inner, np.inf, self.problem.stages.ceiling)

    @cached_property
    def most(self) -> Floats:
        """By stage, all that its orders could bring that count in positions."""
        return all_orders(self.problem, self.used)

    @cached_property
    def _lanes_of(self) -> list[Ints]:
        stage = np.where(self.used, self.problem.lanes.stage, len(self.problem.stages.ids))
        rank = np.argsort(stage, kind="stable")
        cuts = np.searchsorted(stage[rank], np.arange(len(self.problem.stages.ids) + 1))
        return [rank[cuts[i] : cuts[i + 1]] for i in range(cuts.size - 1)]


def _whole(grains: Floats) -> Ints:
    """Numbers of grains; what is more than any stage looks at is all the same."""
    return np.minimum(grains, 10 * _MOST_CELLS).astype(np.int64)
