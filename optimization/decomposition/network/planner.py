"""
Plan a network: a bound from prices on component balances, then plans from the same prices.

1. the bound and its multipliers (`bound`);
2. starts: material requirements planning at those prices, and whole trees of stages planned from
   nothing by a search that the bound guides (`crowd`); each followed by sweeps of best responses
   from soft to hard (`sweep`) and made feasible by `release`; the cheapest is kept;
3. in slices: families of stages planned anew together (`crowd`, `beam`), and local restarts
   (`exchange`), which at first may make the plan dearer, and less and less so.

Work is counted, never timed: `limits.iterations` steps of the bound times five, `limits.slices`
rounds of so many families and restarts, so a replay gives the same plan, with any executor.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.bound import NetworkBound, first_multipliers, raise_bound
from optimization.decomposition.network.crowd import (
    Crowd,
    crowd,
    families_of_slice,
    from_nothing,
    plan_anew,
    round_of_slice,
)
from optimization.decomposition.network.exchange import HARD, exchange
from optimization.decomposition.network.problem import Network
from optimization.decomposition.network.release import released
from optimization.decomposition.network.stage_program import Multipliers
from optimization.decomposition.network.standing import Ground, Standing, cost, ground, recount, stand
from optimization.decomposition.network.sweep import sweep
from optimization.report import SolveLimits, relative_gap

_STEPS = 5  # steps of the bound per iteration of the limits
_REQUIREMENT_PRICES = (1.0, 4.0)
_FIRST_RAMP = (0.3, 0.6, 1.0, 2.0, 5.0, 20.0, 200.0)
_TREE_RAMP = (0.5, 1.0, 3.0, 20.0, 200.0)
_NEXT_RAMP = (0.5, 0.5, 1.0, 1.0, 3.0, 3.0, 20.0, 200.0)
_RESTARTS = 3
_START_SHARES = (30, 100)
_SMALL = 500  # stages; above, one start
_STAGES_PER_FAMILY = 80  # for each so many stages, a family is planned anew in a slice,
_MOST_FAMILIES = 50  # up to so many
_TRIALS = 2  # local restarts in a slice, per stage,
_MOST_TRIALS = 6_000  # up to so many
_HEAT = 0.02  # of the local restarts at first; it falls by e in so many restarts per stage,
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
        Where families are planned at the same time; None is this thread. The plan is the same.
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
        self._people = crowd(network, ground(network, bound.multipliers), bound.multipliers, executor)
        self._now = first_plan(self._people, self._bound)
        self._best, self._least = stand(network, self._now.plans), cost(network, self._now)

    def advance(self) -> None:
        """One slice; restarts may make the plan dearer for a while, so the best is kept beside it."""
        self._now = _slice(self._people, self._now, self.ran, self._seed + self.ran)
        self.ran += 1
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


def first_plan(people: Crowd, bound: NetworkBound) -> Standing:
    """
    The best of: no order, requirements planning at the prices, trees planned from nothing.

    In large networks only one way is tried, so that time is left for the slices.
    """
    network, land, nothing = people.network, people.land, np.zeros_like(bound.plans)
    up = network.links.downward[::-1].copy()
    found = [stand(network, nothing)]
    is_small = network.stages.count <= _SMALL
    for soft in _REQUIREMENT_PRICES if is_small or not people.trees else ():
        wanted = stand(network, nothing)
        sweep(land, wanted, up, soft, bound.multipliers.eta)
        found.append(_ramped(network, land, wanted, _FIRST_RAMP))
    for share in _START_SHARES[: len(_START_SHARES) if is_small else 1] if people.trees else ():
        wanted = from_nothing(people, bound.multipliers.eta, share)
        found.append(_ramped(network, land, wanted, _TREE_RAMP))
    return min(found, key=lambda standing: cost(network, standing))


def _slice(people: Crowd, now: Standing, number: int, seed: int) -> Standing:
    """Some families planned anew, then local restarts; the first rounds start again from soft prices."""
    network, land = people.network, people.land
    if _starts_again(people, number):
        other = _ramped(network, land, now, _NEXT_RAMP)
        now = min(now, other, key=lambda standing: cost(network, standing))
    plan_anew(people, now, families_of_slice(people, number, _families(network)), seed)
    trials = min(_TRIALS * network.stages.count, _MOST_TRIALS)
    exchange(land, now, trials, seed, _heat(number * trials / network.stages.count), people.executor)
    recount(network, now)
    return now


def _heat(done: float) -> float:
    """How much dearer restarts may leave what they touch, after so many of them per stage."""
    return _HEAT * float(np.exp(-(done % _CYCLE) / _COOLING))


def _families(network: Network) -> int:
    """How many are planned anew in a slice."""
    return min(max(network.stages.count // _STAGES_PER_FAMILY, 1), _MOST_FAMILIES)


def _starts_again(people: Crowd, number: int) -> bool:
    """The first slices, and the first slice of the first rounds."""
    if number < _RESTARTS:
        return True
    size = _families(people.network)
    turn = round_of_slice(people, number, size)
    return turn < _RESTARTS and turn > round_of_slice(people, number - 1, size)


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


def _ramped(network: Network, land: Ground, start: Standing, softness: tuple[float, ...]) -> Standing:
    """From a plan through soft prices to hard ones, made feasible."""
    other = stand(network, start.plans)
    _ramp(network, land, other, softness)
    return _made_feasible(network, land, other)


def _ramp(network: Network, land: Ground, standing: Standing, softness: tuple[float, ...]) -> None:
    down = network.links.downward
    up = down[::-1].copy()
    for step, soft in enumerate(softness):
        sweep(land, standing, up if step % 2 == 0 else down, soft)
    recount(network, standing)


def _made_feasible(network: Network, land: Ground, wanted: Standing) -> Standing:
    """Released, then swept at prices beyond everything."""
    standing = stand(network, released(network, land, wanted))
    _ramp(network, land, standing, (HARD,) * 4)
    return standing
