r"""
Forecasting demand from what was observed alone: a particle filter.

    d[t] ~ Poisson(exposure[t] exp(a[t]))
    a[t+1] = a[t] + g[t] + v e[t] + jump,     g[t+1] = damping g[t] + slope noise

A particle carries the log level a, the slope g and its own level noise v, log-uniform at the
start and learned by survival. Half of the cloud has no slope at all: the cloud averages over
both models by their likelihood. `exposure` divides out what is known of each observation, such
as the accumulated service response. Nothing here is random: draws follow from the seed.

References
----------
Gordon, Salmond, Smith (1993), IEE Proc. F 140, 107-113 (bootstrap filter).
Carpenter, Clifford, Fearnhead (1999), IEE Proc. Radar 146, 2-7 (systematic resampling).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimization.errors import InvalidNetworkError
from optimization.uncertain.forecast import SampledForecast

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DemandPrior:
    """
    What is believed before the first observation.

    Parameters
    ----------
    mean
        Mean demand per period. Must be > 0.
    spread
        Deviation of the log level around it.
    noise
        Range of the level noise, the deviation of a log step; log-uniform.
    slope, slope_noise, damping
        Deviation of the first slope and of its steps; what remains of a slope a period later.
    jump_chance, jump_size
        Probability of a jump per period and deviation of its log size.
    """

    mean: float
    spread: float = 0.1
    noise: tuple[float, float] = (0.01, 0.15)
    slope: float = 0.03
    slope_noise: float = 0.01
    damping: float = 0.95
    jump_chance: float = 0.02
    jump_size: float = 0.5
    particles: int = 3_000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.mean < float("inf"):
            raise InvalidNetworkError("prior.mean", f"`{self.mean}`", "use a number > 0")
        if not 0.0 < self.noise[0] <= self.noise[1]:
            raise InvalidNetworkError("prior.noise", f"`{self.noise}`", "use 0 < low <= high")
        if self.particles < 1:
            raise InvalidNetworkError("prior.particles", f"`{self.particles}`", "use at least 1")


@dataclass(frozen=True, slots=True, eq=False)
class DemandFilter:
    """The cloud after `observed` observations; `level` is the log level of the next period."""

    prior: DemandPrior
    observed: int
    level: Floats
    slope: Floats
    noise: Floats
    has_slope: NDArray[np.bool_]

    @classmethod
    def start(cls, prior: DemandPrior) -> "DemandFilter":
        """The cloud before anything was observed."""
        draw = _generator(prior, 0)
        low, high = np.log(prior.noise)
        has_slope = np.arange(prior.particles) % 2 == 1
        return cls(
            prior,
            0,
            np.log(prior.mean) + prior.spread * draw.standard_normal(prior.particles),
            np.where(has_slope, prior.slope * draw.standard_normal(prior.particles), 0.0),
            np.exp(draw.uniform(low, high, prior.particles)),
            has_slope,
        )

    def observe(self, demand: float, exposure: float = 1.0) -> "DemandFilter":
        """
        The cloud one period later.

        Raises
        ------
        InvalidNetworkError
            When demand is negative or exposure is not positive.
        """
        if not (0.0 <= demand < float("inf") and 0.0 < exposure < float("inf")):
            raise InvalidNetworkError(
                "demand", f"`{demand}` with exposure `{exposure}`", "use numbers >= 0 and > 0"
            )
        draw = _generator(self.prior, 2 * self.observed + 1)
        mean = exposure * np.exp(self.level)
        likelihood = demand * np.log(mean) - mean
        weights = np.exp(likelihood - likelihood.max())
        kept = _systematic(weights / weights.sum(), weights.size, draw.uniform())
        survivors = replace(
            self,
            observed=self.observed + 1,
            level=self.level[kept],
            slope=self.slope[kept],
            noise=self.noise[kept],
            has_slope=self.has_slope[kept],
        )
        return survivors._step(draw)  # noqa: SLF001 - another filter of this class

    def forecast(self, horizon: int, paths: int, seed: int = 0) -> SampledForecast:
        """`paths` equally likely futures: every (futures / paths)-th of the cloud's, by their total."""
        draw = _generator(self.prior, 2 * self.observed + 2, seed)
        cloud, means = self, np.empty((self.level.size, horizon))
        for k in range(horizon):
            means[:, k] = np.exp(cloud.level)
            cloud = cloud._step(draw)
        by_total = np.argsort(means.sum(axis=1), kind="stable")
        chosen = ((np.arange(paths) + 0.5) * self.level.size / paths).astype(np.int64)
        return SampledForecast(means[by_total[chosen]])

    def _step(self, draw: np.random.Generator) -> "DemandFilter":
        prior, count = self.prior, self.level.size
        jumps = np.where(draw.uniform(size=count) < prior.jump_chance, prior.jump_size, 0.0)
        steps = np.hypot(self.noise, jumps) * draw.standard_normal(count)
        slope = prior.damping * self.slope + prior.slope_noise * draw.standard_normal(count)
        return replace(
            self, level=self.level + self.slope + steps, slope=np.where(self.has_slope, slope, 0.0)
        )


def _generator(prior: DemandPrior, *key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([prior.seed, *key]))


def _systematic(weights: Floats, count: int, offset: float) -> NDArray[np.int64]:
    """Indices drawn in proportion to the weights with one random number."""
    reached = np.cumsum(weights)
    reached[-1] = 1.0
    return np.searchsorted(reached, (np.arange(count) + offset) / count).astype(np.int64)
