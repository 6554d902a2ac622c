"""
Whole plans anew: every stage answers all others while costs go from the bound's to the true ones.

At the bound's costs (`sweep`, `truth` = 0) a stage orders what its stock is worth to all others,
whether or not they have ordered yet, but not what they will take in fact, in whole lots; at true
costs it answers what they take now, and misses nothing where nobody has ordered. A continuation (homotopy)
goes from one to the other in small steps, with prices on what is missing that rise from next to
nothing to beyond everything, and so takes the network from the plan in hand to another one near the
bound. Set-up costs are drawn anew for the first answers (noising: Charon, Hudry 1993), so no two
continuations are alike. All of the network moves in step, at the price of a few local restarts a stage.
"""

import numpy as np

from optimization.decomposition.instance import Ints
from optimization.decomposition.network.exchange import HARD
from optimization.decomposition.network.problem import Network
from optimization.decomposition.network.release import released
from optimization.decomposition.network.standing import Ground, Standing, recount, stand, violation
from optimization.decomposition.network.sweep import NO_PRICES, sweep

_SOFT = (0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 2.0, 4.0, 10.0, 40.0, 200.0)
_DRAWN = 2  # of the first answers are at drawn set-up costs,
_NOISE = 1.5  # up to exp(+-1.5) off
_HARD_ANSWERS = 4
_HAIR = 1e-6


def continued(known: tuple[Network, Ground], plans: Ints, seed: int) -> Ints:
    """Another feasible plan, from one in hand; it may be dearer. What is `known` comes first, as a `Crew` calls."""
    network, land = known
    standing = stand(network, plans)
    noise = np.random.default_rng(seed).uniform(-_NOISE, _NOISE, network.stages.count)
    drawn = land._replace(stages=land.stages._replace(order_cost=np.exp(noise) * land.stages.order_cost))
    for step, soft in enumerate(_SOFT):
        truth = (step / (len(_SOFT) - 1)) ** 2
        _answer(network, drawn if step < _DRAWN else land, standing, step, soft, truth)
    recount(network, standing)
    return made_feasible(network, land, standing).plans


def hardened(network: Network, land: Ground, wanted: Standing, softness: tuple[float, ...]) -> Standing:
    """From a plan at true costs through soft prices to hard ones, made feasible."""
    for step, soft in enumerate(softness):
        _answer(network, land, wanted, step, soft, 1.0)
    recount(network, wanted)
    return made_feasible(network, land, wanted)


def made_feasible(network: Network, land: Ground, wanted: Standing) -> Standing:
    """Released, then swept at prices beyond everything, unless money enough bought a rule off."""
    feasible = released(network, land, wanted)
    standing = stand(network, feasible)
    for step in range(_HARD_ANSWERS):
        _answer(network, land, standing, step, HARD, 1.0)
    recount(network, standing)
    return standing if violation(network, standing) < _HAIR else stand(network, feasible)


def _answer(  # noqa: PLR0913 - what sweeps take
    network: Network, land: Ground, standing: Standing, step: int, soft: float, truth: float
) -> None:
    """Every stage once, customers first and suppliers first in turn."""
    down = network.links.downward
    sweep(land, standing, down[::-1].copy() if step % 2 == 0 else down, soft, NO_PRICES, truth)
