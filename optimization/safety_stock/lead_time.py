"""
The exposure of a stage whose own time varies.

A stage that takes T days on average is exposed for (tau + eps)+ days, eps = actual time - T. Its
demand bound covers the mean of that and, on top, the demand that falls into its deviation:

    stock(tau)^2 = k^2 E[(tau+eps)+] + (z mu)^2 Var[(tau+eps)+]

(Humair and Willems 2013). Both moments never fall with tau, so the stock does not either.
"""

import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.problem import GsmStage
from optimization.safety_stock.service import normal_density, normal_probability

Floats = NDArray[np.float64]


def is_stochastic(stage: GsmStage) -> bool:
    """Whether the stage's time varies at all."""
    return stage.lead_time_std > 0.0 or len({days for days, p in stage.lead_time_distribution if p > 0.0}) > 1


def exposure_moments(stage: GsmStage, tau: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of the exposure in days, for each net replenishment time in days."""
    if stage.lead_time_distribution:
        return _discrete(stage.lead_time_distribution, tau)
    if stage.lead_time_std > 0.0:
        return _normal(stage.lead_time_std, tau)
    return tau, np.zeros_like(tau)


def _discrete(distribution: tuple[tuple[float, float], ...], tau: Floats) -> tuple[Floats, Floats]:
    times = np.array([days for days, _ in distribution])
    weights = np.array([p for _, p in distribution])
    weights = weights / weights.sum()
    exposure = np.maximum(tau[:, None] + (times - weights @ times), 0.0)
    mean = exposure @ weights
    return mean, ((exposure - mean[:, None]) ** 2) @ weights


def _normal(std: float, tau: Floats) -> tuple[Floats, Floats]:
    z = tau / std
    inside, density = normal_probability(z), normal_density(z)
    mean = tau * inside + std * density
    square = (tau**2 + std**2) * inside + tau * std * density
    return mean, np.maximum(square - mean**2, 0.0)
