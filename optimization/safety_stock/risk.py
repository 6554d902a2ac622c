"""
From a supplier's risk score to a wider lead time, without letting a jittering score jitter stock.

    smoothed = last + clip(score - last, -fall, rise)                      rate limit, per review
    held     = step nearest to smoothed, if |smoothed - held| > band       hysteresis, else unchanged
    factor   = 1 + (widest - 1) held                                       multiplies lead-time deviation

Risk may rise faster than it falls. A score that moves within the band changes nothing at all.
"""

import math
from dataclasses import dataclass

from optimization.errors import InvalidNetworkError


@dataclass(frozen=True, slots=True)
class RiskSmoothing:
    """
    How risk scores are followed.

    Parameters
    ----------
    rise, fall
        Most that the smoothed score may change at one review, in score points 0..1.
    step, band
        Grid of scores that planning sees, and how far the smoothed one must leave the held one.
    widest
        Factor on the lead-time deviation at score 1. Must be >= 1.
    """

    rise: float = 0.2
    fall: float = 0.05
    step: float = 0.1
    band: float = 0.075
    widest: float = 2.0

    def __post_init__(self) -> None:
        for name in ("rise", "fall", "step"):
            if not 0.0 < (value := getattr(self, name)) <= 1.0:
                raise InvalidNetworkError(f"risk.{name}", f"`{value}` is not in 0..1 and > 0")
        if not self.step / 2.0 <= self.band <= 1.0:
            raise InvalidNetworkError(
                "risk.band", f"`{self.band}` is below half a step", "use at least step / 2"
            )
        if not 1.0 <= self.widest < math.inf:
            raise InvalidNetworkError("risk.widest", f"`{self.widest}` is not a finite number >= 1")


@dataclass(frozen=True, slots=True)
class RiskState:
    """
    What is remembered of a supplier between reviews.

    Parameters
    ----------
    score
        The last score as it came, 0..1.
    smoothed, held
        After the rate limit, and what planning sees.
    factor
        On the deviation of the supplier's lead times.
    why
        The score and its effect in words.
    """

    supplier: str
    score: float
    smoothed: float
    held: float
    factor: float
    why: str


def smooth_risk(supplier: str, score: float, last: RiskState | None, smoothing: RiskSmoothing) -> RiskState:
    """The state after a review; the first score of a supplier is taken at its word."""
    if not 0.0 <= score <= 1.0:
        raise InvalidNetworkError(
            f"suppliers[{supplier}].risk", f"`{score}` is not in 0..1", "correct the score"
        )
    if last is None:
        held = _on_grid(score, smoothing)
        return _state(supplier, score, (score, held), smoothing, "first score")
    change = min(max(score - last.smoothed, -smoothing.fall), smoothing.rise)
    smoothed = last.smoothed + change
    is_limited = abs(score - smoothed) > 1e-12
    if abs(smoothed - last.held) <= smoothing.band + 1e-12:
        reason = f"within {smoothing.band:g} of the held score"
        return _state(supplier, score, (smoothed, last.held), smoothing, reason)
    reason = "rate limited" if is_limited else "followed"
    return _state(supplier, score, (smoothed, _on_grid(smoothed, smoothing)), smoothing, reason)


def _on_grid(score: float, smoothing: RiskSmoothing) -> float:
    return min(1.0, round(round(score / smoothing.step) * smoothing.step, 12))


def _state(
    supplier: str, score: float, levels: tuple[float, float], smoothing: RiskSmoothing, reason: str
) -> RiskState:
    smoothed, held = levels
    factor = 1.0 + (smoothing.widest - 1.0) * held
    why = f"risk score {score:g} of `{supplier}`, {reason}: held at {held:g}, lead-time deviation times {factor:g}"
    return RiskState(supplier, score, smoothed, held, factor, why)
