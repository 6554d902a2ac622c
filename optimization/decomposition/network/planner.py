"""
Plan a network: a bound from prices on component balances, then plans from the same prices.

1. the bound and its multipliers (`bound`);
2. a start: material requirements planning at those prices, swept from soft prices to hard ones;
3. in slices: other plans of the whole network (`continuation`), each followed by a crossover with
   the plan in hand (`crossover`), then local restarts (`exchange`), which at first may make the
   plan dearer, and less and less so.

Work is counted, never timed: `limits.iterations` steps of the bound times five, `limits.slices`
rounds of so many continuations and restarts, so a replay gives the same plan, with any executor.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from optimization.decomposition.crew import Crew
from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.bound import NetworkBound, first_multipliers, raise_bound
from optimization.decomposition.network.continuation import continued, hardened
from optimization.decomposition.network.crossover import crossed, groups_of
from optimization.decomposition.network.exchange import exchange
from optimization.decomposition.network.problem import Network
from optimization.decomposition.network.release import released
from optimization.decomposition.network.stage_program import Multipliers
from optimization.decomposition.network.standing import Ground, Standing, cost, ground, recount, stand
from optimization.decomposition.network.sweep import sweep
from optimization.report import SolveLimits, relative_gap

_STEPS = 5  # steps of the bound per iteration of the limits
_FIRST_RAMP = (0.3, 0.6, 1.0, 2.0, 5.0, 20.0, 200.0)
_AT_ONCE = 2  # continuations in a slice, from the same plan, wherever they are done
_TRIALS = 0.25  # local restarts in a slice, per stage
_HEAT = 0.005  # of the local restarts at first; it falls by e in so many restarts per stage,
_COOLING = 12.0
_CYCLE = 50.0  # and rises again after so many


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """
    Lots by stage and arrival period, and the proof.

    `stock` is s by stage and period: below zero at end stages only. `multipliers` prove `bound`;
    `mu` among them is what a unit of each resource is worth. `slices` were run.
    """

    orders: Ints
    stock: Floats
    objective: float
    bound: float
    gap: float
    multipliers: Multipliers
    slices: int


def plan_network(
    network: Network,
    limits: SolveLimits,
    executor: Executor | None = None,
    *,
    may_continue: Callable[[], bool] | None = None,
    warm: Multipliers | None = None,
) -> NetworkPlan:
    """
    The cheapest orders found, and a bound on how cheap any could be; always feasible.

    Parameters
    ----------
    executor
        Where plans of the whole network and restarts are made at the same time; None is this
        thread. The plan is the same.
    may_continue
        Asked between slices: the only place where a clock may have a say.
    warm
        Multipliers of an earlier plan of these stages.
    """
    bound = raise_bound(network, _STEPS * limits.iterations, warm, executor)
    search = NetworkSearch(network, bound, limits.seed, executor)
    while search.ran < limits.slices and (may_continue is None or may_continue()):
        search.advance()
    return search.plan()


class NetworkSearch:
    """
    A plan in the making: the first plan, then as many slices as are asked for.

    Parameters
    ----------
    bound
        Its multipliers lead the search.
    """

    def __init__(
        self, network: Network, bound: NetworkBound, seed: int = 0, executor: Executor | None = None
    ) -> None:
        self.network, self.ran, self._seed, self._bound = network, 0, seed, bound
        self._land, self._executor = ground(network, bound.multipliers), executor
        self._crew = Crew([(network, self._land)] * _AT_ONCE, executor)
        self._groups = groups_of(network)
        self._now = first_plan(network, self._land, bound)
        self._best, self._least = stand(network, self._now.plans), cost(network, self._now)

    def advance(self) -> None:
        """One slice; restarts may make the plan dearer for a while, so the best is kept beside it."""
        self._continue()
        self._keep_best()
        self._exchange()
        self._keep_best()
        self.ran += 1

    def _continue(self) -> None:
        """Other plans of the whole network, and what is cheaper in each of them."""
        first = self._seed + self.ran * _AT_ONCE
        asked = [(self._now.plans, first + number) for number in range(_AT_ONCE)]
        for plans in self._crew.each(continued, asked):
            self._now = crossed(self.network, self._land, self._groups, self._now, plans)

    def _exchange(self) -> None:
        """Local restarts."""
        count = self.network.stages.count
        trials = max(round(_TRIALS * count), 1)
        heat = _heat(self.ran * trials / count)
        exchange(self._land, self._now, trials, self._seed + self.ran, heat, self._executor)
        recount(self.network, self._now)

    def _keep_best(self) -> None:
        costs = cost(self.network, self._now)
        if costs < self._least:
            self._least, self._best = costs, stand(self.network, self._now.plans)

    def plan(self) -> NetworkPlan:
        """The best so far."""
        objective, bound = self._least, self._bound
        return NetworkPlan(
            self._best.plans.copy(),
            self._best.stock.copy(),
            objective,
            bound.value,
            relative_gap(objective, bound.value),
            bound.multipliers,
            self.ran,
        )


def first_plan(network: Network, land: Ground, bound: NetworkBound) -> Standing:
    """Requirements planning at the prices, or no order where that is cheaper."""
    nothing = np.zeros_like(bound.plans)
    wanted = stand(network, nothing)
    sweep(land, wanted, network.links.downward[::-1].copy(), 1.0, bound.multipliers.eta)
    found = hardened(network, land, wanted, _FIRST_RAMP), stand(network, nothing)
    return min(found, key=lambda standing: cost(network, standing))


def _heat(done: float) -> float:
    """How much dearer restarts may leave what they touch, after so many of them per stage."""
    return _HEAT * float(np.exp(-(done % _CYCLE) / _COOLING))


def requirements_plan(network: Network) -> Standing:
    """What planners do: requirements at plain costs, released as far as there is anything to use."""
    land, nothing = (
        ground(network, first_multipliers(network)),
        np.zeros_like(network.own_net, dtype=np.int32),
    )
    wanted = stand(network, nothing)
    component = np.broadcast_to(network.stages.holding[:, None], nothing.shape).copy()
    sweep(land, wanted, network.links.downward[::-1].copy(), 1.0, component)
    return stand(network, released(network, land, wanted))
