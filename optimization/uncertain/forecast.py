"""
What is known of demand: distributions of each period, and of the total up to each period.

Planning asks three things of a forecast: the expectation, the distribution of cumulative demand
(for the quantile path), and demand at given probabilities (for sampled paths). `factor` is the
accumulated service response, by period or by path and period.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, pdtr, pdtrik

from optimization.errors import InvalidNetworkError

Floats = NDArray[np.float64]
_SPAN = 8.0  # deviations above the mean that a discretised distribution covers
_EXACT_BELOW = 12.0
_GRID = 400  # points of a discretised normal distribution


class Forecast(Protocol):
    """A distribution of demand over `horizon` periods."""

    @property
    def horizon(self) -> int:
        """Periods covered."""
        ...

    def expected(self, factor: Floats | float = 1.0) -> Floats:
        """Mean demand per period."""
        ...

    def cumulative(self, factor: float = 1.0) -> list[tuple[Floats, Floats]]:
        """For each period, support (ascending) and probabilities of the demand up to its end."""
        ...

    def at(self, probability: Floats, period: int, factor: ArrayLike = 1.0) -> Floats:
        """Demand of one period at given probabilities, one value per path."""
        ...


@dataclass(frozen=True, slots=True)
class PoissonForecast:
    """Independent Poisson demand with a known mean per period."""

    mean: tuple[float, ...]

    def __post_init__(self) -> None:
        _require_amounts("mean", self.mean)

    @property
    def horizon(self) -> int:
        """Periods covered."""
        return len(self.mean)

    def expected(self, factor: Floats | float = 1.0) -> Floats:
        """Mean demand per period."""
        return np.asarray(self.mean) * factor

    def cumulative(self, factor: float = 1.0) -> list[tuple[Floats, Floats]]:
        """Sums of independent Poisson variables are Poisson."""
        return [_discretised_poisson(total) for total in np.cumsum(self.expected(factor))]

    def at(self, probability: Floats, period: int, factor: ArrayLike = 1.0) -> Floats:
        """Poisson quantiles."""
        return poisson_quantile(probability, self.mean[period] * np.asarray(factor))


@dataclass(frozen=True, slots=True)
class NormalForecast:
    """Independent normal demand, cut off at zero, as the ERP states it: mean and deviation."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        _require_amounts("mean", self.mean)
        _require_amounts("std", self.std)
        if len(self.mean) != len(self.std):
            raise InvalidNetworkError(
                "std", f"{len(self.std)} values", f"give {len(self.mean)}, one per period"
            )

    @property
    def horizon(self) -> int:
        """Periods covered."""
        return len(self.mean)

    def expected(self, factor: Floats | float = 1.0) -> Floats:
        """Mean demand per period."""
        return np.asarray(self.mean) * factor

    def cumulative(self, factor: float = 1.0) -> list[tuple[Floats, Floats]]:
        """Means and variances add up."""
        totals = np.cumsum(self.expected(factor))
        deviations = np.sqrt(np.cumsum((np.asarray(self.std) * factor) ** 2))
        middles = ndtri((np.arange(_GRID) + 0.5) / _GRID)
        weights = np.full(_GRID, 1.0 / _GRID)
        return [(np.maximum(0.0, m + s * middles), weights) for m, s in zip(totals, deviations, strict=True)]

    def at(self, probability: Floats, period: int, factor: ArrayLike = 1.0) -> Floats:
        """Normal quantiles, never negative."""
        drawn = self.mean[period] + self.std[period] * ndtri(probability)
        return np.asarray(np.maximum(0.0, drawn) * factor)


@dataclass(frozen=True, slots=True, eq=False)
class SampledForecast:
    """Equally likely paths of the Poisson mean, shape (paths, periods), as a forecaster draws them."""

    paths: Floats

    @property
    def horizon(self) -> int:
        """Periods covered."""
        return int(self.paths.shape[1])

    def expected(self, factor: Floats | float = 1.0) -> Floats:
        """Mean demand per period."""
        return np.asarray((self.paths * factor).mean(axis=0))

    def cumulative(self, factor: float = 1.0) -> list[tuple[Floats, Floats]]:
        """The mixture of the paths' Poisson totals."""
        return [_mixed_poisson(totals) for totals in np.cumsum(self.paths * factor, axis=1).T]

    def at(self, probability: Floats, period: int, factor: ArrayLike = 1.0) -> Floats:
        """Poisson quantiles around each path's mean; one probability per path."""
        chosen = np.arange(probability.size) % self.paths.shape[0]
        return poisson_quantile(probability, self.paths[chosen, period] * np.asarray(factor))


def poisson_quantile(probability: ArrayLike, mean: ArrayLike) -> Floats:
    """
    The smallest count whose distribution function reaches `probability`.

    Exact below a mean of 12; above, the Cornish-Fisher expansion, which is 30 times as fast and
    off by one in about one of a hundred draws.
    """
    probability, mean = np.broadcast_arrays(probability, np.maximum(mean, 1e-12))
    z = ndtri(probability)
    root = np.sqrt(mean)
    count = np.ceil(mean + z * root + (z * z - 1.0) / 6.0 + (z - z**3) / (72.0 * root) - 0.5)
    is_small = mean < _EXACT_BELOW
    if is_small.any():
        count[is_small] = np.ceil(pdtrik(probability[is_small], mean[is_small]))
    return np.asarray(np.maximum(0.0, count))


def _discretised_poisson(mean: float) -> tuple[Floats, Floats]:
    reach = _SPAN * np.sqrt(mean) + _SPAN
    support = np.arange(np.floor(max(0.0, mean - reach)), np.ceil(mean + reach) + 1.0)
    below = np.concatenate([[0.0], pdtr(support[:-1], mean), [1.0]])
    return support, np.diff(below)


def _mixed_poisson(means: Floats) -> tuple[Floats, Floats]:
    low, high = means.min(), means.max()
    reach = _SPAN * np.sqrt([low, high]) + _SPAN
    support = np.floor(np.linspace(max(0.0, low - reach[0]), high + reach[1], _GRID))
    support = np.unique(support)
    below = pdtr(support[:-1, None], np.maximum(means, 1e-12)[None, :]).mean(axis=1)
    return support, np.diff(np.concatenate([[0.0], below, [1.0]]))


def _require_amounts(field: str, amounts: tuple[float, ...]) -> None:
    for k, amount in enumerate(amounts):
        if not 0.0 <= amount < float("inf"):
            raise InvalidNetworkError(
                f"forecast.{field}[{k}]", f"`{amount}` is out of range", "use a number >= 0"
            )
