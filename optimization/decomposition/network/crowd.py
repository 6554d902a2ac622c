"""
Families at work: all trees planned from nothing, and families planned anew against the plan in hand.

Families that share nothing are planned at the same time where the executor has threads (compiled
code lets go of the interpreter's lock, and all change one plan in place); with any other executor, one
after the other. What each of them draws is drawn before, in order, so the outcome is the same.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from optimization.decomposition.instance import Floats, Ints
from optimization.decomposition.network.beam import improve, plan_family
from optimization.decomposition.network.families import centres, side_by_side, trees
from optimization.decomposition.network.guide import Guide, guide
from optimization.decomposition.network.problem import Network
from optimization.decomposition.network.stage_program import Multipliers
from optimization.decomposition.network.standing import Ground, Standing, recount, shift, stand
from optimization.decomposition.network.sweep import sweep

_MARGINS = (0.0, 0.25, 0.5)
_WIDTH = 200  # unfinished plans kept
_SHARES = (10, 30, 100)  # at most one in so many unfinished plans agree on the inner members
_WEIGHTS = 0.5  # order costs in what is to come are drawn up to exp(+-0.5) off
_TREES_EVERY = 4
_PRICED = 4.0  # times what being late costs below: stages above trees while these are new
_MOST_LOTS = 30_000  # cumulative lots are 16-bit numbers in the search


class Crowd(NamedTuple):
    """A network's families, and what guides their search."""

    network: Network
    land: Ground
    guides: tuple[Guide, ...]
    trees: list[Ints]
    above: Ints
    rounds: list[list[Ints]]  # families by round; rounds repeat
    executor: Executor | None


def crowd(network: Network, land: Ground, at: Multipliers, executor: Executor | None = None) -> Crowd:
    """The families of a network, and guides from the multipliers of its bound."""
    guides = tuple(guide(network, at, margin) for margin in _MARGINS)
    grown, above = trees(network)
    if network.limit.max(initial=0) > _MOST_LOTS:
        return Crowd(network, land, guides, [], above, [[]], executor)
    near = centres(network)
    rounds = [[*grown, *near], *([near] * (_TREES_EVERY - 1))]
    return Crowd(network, land, guides, grown, above, rounds, executor)


def from_nothing(crowd: Crowd, component: Floats, share: int) -> Standing:
    """Trees planned while components have prices; then stages above, against what the trees take."""
    standing = stand(crowd.network, np.zeros(crowd.network.own_net.shape, np.int32))
    alike = max(2, _WIDTH // share)

    def plan(members: Ints, _: np.random.Generator) -> Callable[[], float]:
        return lambda: _plan_free(crowd, standing, members, alike)

    _work(crowd, crowd.trees, plan, np.random.default_rng(0))
    recount(crowd.network, standing)
    sweep(crowd.land, standing, crowd.above, _PRICED, component)
    sweep(crowd.land, standing, crowd.above, _PRICED)
    return standing


def _plan_free(crowd: Crowd, standing: Standing, members: Ints, alike: int) -> float:
    found = plan_family(
        crowd.land, standing, crowd.guides[0], members, _WIDTH, alike, np.ones(members.size), True
    )
    for m in range(len(found)):
        standing.plans[members[m]] = found[m]
        shift(crowd.land, standing, members[m], 1.0)
    return 0.0


def families_of_slice(crowd: Crowd, number: int, size: int) -> list[Ints]:
    """The next `size` families: slices go through a round after the other, and start anew."""
    every = [members for families in crowd.rounds for members in families]
    first = number * size
    return [every[k % len(every)] for k in range(first, first + min(size, len(every)))]


def round_of_slice(crowd: Crowd, number: int, size: int) -> int:
    """How often the families had their turn before a slice."""
    return number * size // max(len(crowd.rounds[0]), size)


def plan_anew(crowd: Crowd, standing: Standing, families: Sequence[Ints], seed: int) -> float:
    """Every family planned against all others, kept where it is cheaper; what was saved."""
    alikes = [max(2, _WIDTH // share) for share in _SHARES]

    def plan(members: Ints, rng: np.random.Generator) -> Callable[[], float]:
        way = crowd.guides[rng.integers(len(crowd.guides))]
        alike = alikes[rng.integers(len(alikes))]
        weight = np.exp(rng.uniform(-_WEIGHTS, _WEIGHTS, members.size))
        return lambda: float(improve(crowd.land, standing, way, members, _WIDTH, alike, weight))

    return _work(crowd, families, plan, np.random.default_rng(seed))


def _work(
    crowd: Crowd,
    families: Sequence[Ints],
    plan: Callable[[Ints, np.random.Generator], Callable[[], float]],
    rng: np.random.Generator,
) -> float:
    """Groups one after the other, the families of a group at once."""
    at_once = crowd.executor.map if isinstance(crowd.executor, ThreadPoolExecutor) else map
    saved = 0.0
    for group in side_by_side(crowd.network, families):
        tasks = [plan(families[number], rng) for number in group]
        saved += sum(at_once(lambda task: task(), tasks))
    return saved
