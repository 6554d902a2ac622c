"""
How demand reacts to service, as the business states it: a versioned parameter, never fitted here.

After a period in which any demand went short, later demand is multiplied by `decay`; after a
period of full service by `growth`; the product stays within [floor, cap].
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.errors import InvalidNetworkError


@dataclass(frozen=True, slots=True)
class ServiceResponse:
    """
    The reaction of demand to service.

    Parameters
    ----------
    growth, decay
        Factors on all later demand after a period of full service / with a stock-out.
    floor, cap
        Range of the accumulated factor.
    level
        The accumulated factor that holds in period 0.
    """

    growth: float = 1.0
    decay: float = 1.0
    floor: float = 0.0
    cap: float = float("inf")
    level: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.decay <= 1.0 <= self.growth:
            raise InvalidNetworkError(
                "response",
                f"decay `{self.decay}` and growth `{self.growth}`",
                "keep 0 < decay <= 1 <= growth",
            )
        if not self.floor <= self.level <= self.cap:
            raise InvalidNetworkError("response.level", f"`{self.level}`", "keep floor <= level <= cap")

    @property
    def is_neutral(self) -> bool:
        """Demand does not react."""
        return self.growth == self.decay == 1.0

    def after(self, level: NDArray[np.float64], is_short: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The factor of the next period."""
        moved = level * np.where(is_short, self.decay, self.growth)
        return np.clip(moved, self.floor, self.cap)

    def lasting_loss(self) -> float:
        """The share of later demand that one stock-out costs: it decays where it would have grown."""
        return 1.0 - self.decay / self.growth
