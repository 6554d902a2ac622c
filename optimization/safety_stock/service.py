"""
From a service target to safety stock: cycle service level and fill rate, never confused.

    cycle service level (type 1)   z = Phi^-1(target), whatever the exposure
    fill rate (type 2)             sigma(tau) L(z) = (1 - target) mu R
                                   L(z) = phi(z) - z (1 - Phi(z)), R = review period, >= 1 day

The second is the textbook base-stock approximation (Silver, Pyke and Peterson 1998, ch. 7):
expected units short per review cycle against demand per cycle. It depends on the exposure tau,
so z is a function there, never below 0.
"""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_NORMAL = NormalDist()


def cycle_safety_factor(target: float) -> float:
    """Safety factor z of a cycle service level strictly between 0 and 1."""
    return _NORMAL.inv_cdf(target)


def fill_rate_safety_factor(target: float, cycle_demand: float, deviation: ArrayLike) -> Floats:
    """
    Safety factor z that meets a fill rate, for each deviation of demand over the exposure.

    Parameters
    ----------
    cycle_demand
        Mean demand in one review cycle, units.
    deviation
        Standard deviation of demand over the net replenishment time, units.
    """
    sigma = np.asarray(deviation, np.float64)
    allowed = (1.0 - target) * cycle_demand / np.where(sigma > 0.0, sigma, np.inf)
    return np.where(sigma > 0.0, _inverse_loss(allowed), 0.0)


def unit_loss(z: ArrayLike) -> Floats:
    """L(z): expected shortage per unit of deviation of a normal demand."""
    z = np.asarray(z, np.float64)
    return normal_density(z) - z * (1.0 - normal_probability(z))


def normal_density(z: Floats) -> Floats:
    """phi(z)."""
    density: Floats = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return density


def normal_probability(z: Floats) -> Floats:
    """Phi(z)."""
    erfc = np.vectorize(math.erfc, otypes=[np.float64])  # scipy.special costs 0.2 s to import
    probability: Floats = 0.5 * erfc(-z / math.sqrt(2.0))
    return probability


def _inverse_loss(loss: Floats) -> Floats:
    """The z >= 0 with L(z) = loss, by bisection: L falls and 60 halvings reach double precision."""
    low, high = np.zeros_like(loss), np.full_like(loss, 40.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        is_short = unit_loss(middle) > loss
        low, high = np.where(is_short, middle, low), np.where(is_short, high, middle)
    return np.where(loss >= unit_loss(0.0), 0.0, high)
