"""
The bound of a network, raised over all multipliers at once (`ascent`).

The slope at a multiplier is what its row lacks in the stages' plans: s for eta, N- less what is
short below for beta, the same for rho, use less capacity for mu and sigma.
"""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optimization.decomposition.ascent import climb
from optimization.decomposition.crew import Crew
from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.problem import Network, Stages
from optimization.decomposition.network.stage_program import (
    Multipliers,
    excess_of_parents,
    installation_stock,
    loads,
    passed_on,
    plan_stages,
)

_BLOCK = 256  # stages planned in one call


@dataclass(frozen=True, slots=True)
class NetworkBound:
    """The best bound, the multipliers that prove it, and the stages' plans at them."""

    value: float
    multipliers: Multipliers
    plans: Ints
    steps: int


def raise_bound(
    network: Network, steps: int, start: Multipliers | None = None, executor: Executor | None = None
) -> NetworkBound:
    """The best bound of `steps` >= 1 evaluations; from `start`, or from the holding costs."""
    crew = _crew(network, executor)

    def look(point: list[Floats]) -> tuple[float, Multipliers, Ints]:
        _clip(network, point)
        return evaluate(network, Multipliers(*point), crew)

    best = climb(start or first_multipliers(network), _scales(network), look, steps)
    return NetworkBound(best.value, Multipliers(*best.point), best.found, steps)


def first_multipliers(network: Network) -> Multipliers:
    """No row has a price, except what end stages' own costs say."""
    stages, shape = network.stages, network.own_net.shape
    end = network.is_end[:, None]
    return Multipliers(
        np.broadcast_to(stages.holding[:, None], shape).copy(),
        np.where(end, (stages.backlog + stages.holding)[:, None], 0.0) * np.ones(shape),
        np.where(end, stages.shortfall[:, None], 0.0) * np.ones(shape),
        np.zeros_like(network.capacity),
        np.zeros_like(network.room),
    )


class _Block(NamedTuple):
    """Some stages, and what their programmes need whatever the prices."""

    stages: Stages
    net: Floats
    safety: Floats
    most: Ints
    largest: Ints
    volume_price: Floats


def _crew(network: Network, executor: Executor | None) -> Crew:
    """All stages in blocks, and who plans them."""
    columns: tuple[Any, ...] = tuple(network.stages)
    net, safety, price = network.echelon_net, network.echelon_safety, volume_prices(network)
    cuts = [slice(start, start + _BLOCK) for start in range(0, network.stages.count, _BLOCK)]
    return Crew(
        [
            _Block(
                Stages(*(c[b] for c in columns)),
                net[b],
                safety[b],
                network.most[b],
                network.largest[b],
                price[b],
            )
            for b in cuts
        ],
        executor,
    )


def _plan_block(block: _Block, prices: tuple[Floats, ...], mu: Floats) -> tuple[Ints, Floats]:
    """The cheapest plans of a block's stages, and their values."""
    plans, values = np.empty(block.net.shape, np.int32), np.empty(len(block.net))
    plan_stages(
        block.stages,
        block.net,
        block.safety,
        block.most,
        block.largest,
        prices,
        mu,
        block.volume_price,
        plans,
        values,
    )
    return plans, values


def evaluate(network: Network, at: Multipliers, crew: Crew | None = None) -> tuple[float, Multipliers, Ints]:
    """The bound at some multipliers, its slope, and the stages' plans."""
    links, shape = network.links, network.own_net.shape
    prices = []
    for own in with_room_price(network, at):
        out = np.empty(shape)
        passed_on(links, network.stages.lead_time, own, out)
        prices.append(out)
    arguments = [
        (tuple(price[start : start + _BLOCK] for price in prices), at.mu)
        for start in range(0, shape[0], _BLOCK)
    ]
    answers = (crew or _crew(network, None)).each(_plan_block, arguments)
    plans, values = (np.concatenate(column) for column in zip(*answers, strict=True))
    limited, roomy = np.isfinite(network.capacity), np.isfinite(network.room)
    value = float(values.sum())
    value -= float((at.mu * np.where(limited, network.capacity, 0.0)).sum())
    value -= float((at.sigma * np.where(roomy, network.room, 0.0)).sum())
    return value, _slope(network, plans), plans


def volume_prices(network: Network) -> Floats:
    """By stage, what its lane's trucks cost per unit when they are full."""
    stages = network.stages
    prices = np.zeros(stages.count)
    on_lane = stages.lane >= 0
    lane = stages.lane[on_lane]
    prices[on_lane] = stages.volume[on_lane] * network.truck_cost[lane] / network.truck_size[lane]
    return prices


def with_room_price(network: Network, at: Multipliers) -> tuple[Floats, Floats, Floats]:
    """Eta, beta and rho with the price of the room that stock takes."""
    stages = network.stages
    room = np.zeros_like(at.eta)
    placed = stages.place >= 0
    room[placed] = stages.volume[placed, None] * at.sigma[stages.place[placed]]
    return at.eta + room, at.beta + np.where(network.is_end[:, None], room, 0.0), at.rho


def _slope(network: Network, plans: Ints) -> Multipliers:
    stages, links = network.stages, network.links
    position = network.echelon_net + stages.lot[:, None] * np.cumsum(plans, axis=1)
    missing = np.maximum(network.echelon_safety[:, None] - position, 0.0)
    owed = np.maximum(-position, 0.0)
    stock, beta, rho = (np.empty_like(position) for _ in range(3))
    installation_stock(stages, links, network.own_net, plans, stock)
    excess_of_parents(links, stages.lead_time, owed, beta)
    excess_of_parents(links, stages.lead_time, missing, rho)
    used, volume = np.zeros_like(network.capacity), np.zeros((len(network.truck_size), plans.shape[1]))
    loads(stages, plans, used, volume)
    filled = np.zeros_like(network.room)
    placed = stages.place >= 0
    kept = np.where(network.is_end[:, None], np.maximum(stock, 0.0), stock)
    np.add.at(filled, stages.place[placed], stages.volume[placed, None] * kept[placed])
    inner = ~network.is_end[:, None]
    return Multipliers(
        np.where(inner, stock, 0.0),
        np.where(inner, beta, 0.0),
        np.where(inner, rho, 0.0),
        np.where(np.isfinite(network.capacity), used - network.capacity, 0.0),
        np.where(np.isfinite(network.room), filled - network.room, 0.0),
    )


def _scales(network: Network) -> tuple[Floats, ...]:
    stages = network.stages
    holding = np.maximum(stages.holding[:, None], 1e-9)
    uses = (stages.resource >= 0) & (stages.unit_use > 0.0)
    mu = np.zeros((len(network.capacity), 1))
    np.maximum.at(mu[:, 0], stages.resource[uses], stages.holding[uses] / stages.unit_use[uses])
    space = (stages.place >= 0) & (stages.volume > 0.0)
    sigma = np.zeros((len(network.room), 1))
    np.maximum.at(sigma[:, 0], stages.place[space], 0.1 * stages.holding[space] / stages.volume[space])
    return holding, 2.0 * holding, 0.5 * holding, mu, sigma


def _clip(network: Network, point: list[Floats]) -> None:
    """To where the multipliers prove something; end stages' are their own costs."""
    eta, beta, rho, mu, sigma = point
    np.minimum(eta, network.stages.holding[:, None], out=eta)
    for x in (beta, rho, mu):
        np.maximum(x, 0.0, out=x)
    np.clip(sigma, 0.0, network.crowding, out=sigma)
