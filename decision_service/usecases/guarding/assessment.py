"""
How a release does beside the one it is held against: a pure function of observations.

Observations are taken together by periods. A difference is the mean of the watched release in a period
less the other's, in standard deviations of such a difference; order value and latency as logarithms.

    canary    both releases decide in the same period: differences are of the same days
    active    the other one has stopped: its periods are taken backwards from the change

The spread comes from the other release's observations before the watch began, once, so that it
cannot follow what it is to judge. That of a rate is at least that of 1 in 10: counts of rarer events
are too far from normal.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from decision_service.usecases.guarding.indicators import Observation
from decision_service.usecases.guarding.sequential import log_ratios, p_value
from decision_service.usecases.release_guard import GuardParameters, Indicator, Watched, Worse

SIGMAS = 3.0  # Shewhart's limits, for hard limits only
_RAREST = 0.1
_FLAT = 1e-9  # relative: below it observations are all the same


class Cause(StrEnum):
    """What spoke."""

    TEST = "TEST"
    HARD_LIMIT = "HARD_LIMIT"


class Standing(StrEnum):
    """What follows for an indicator, or for all of them."""

    WATCHING = "WATCHING"
    TRIP = "TRIP"
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True)
class Pair:
    """Means of one period: how many observations, and their difference where positive is larger."""

    number: int
    count: int
    mean: float
    other_count: int
    other_mean: float
    z: float


@dataclass(frozen=True, slots=True)
class IndicatorFinding:
    """
    One indicator.

    Parameters
    ----------
    p
        Always-valid, before it is shared out among tests; 1 = nothing seen.
    threshold
        `p` at which it trips.
    mean, other_mean
        Over all observations used, in the indicator's own unit.
    """

    indicator: Indicator
    standing: Standing
    said: str
    p: float
    threshold: float
    periods: int
    count: int
    mean: float
    other_count: int
    other_mean: float
    cause: Cause | None = None
    spread: float = 0.0
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """All indicators, and what follows."""

    standing: Standing
    said: str
    findings: tuple[IndicatorFinding, ...]

    @property
    def trips(self) -> IndicatorFinding | None:
        """The indicator that trips."""
        return next((f for f in self.findings if f.standing is Standing.TRIP), None)


@dataclass(frozen=True, slots=True)
class Sides:
    """
    What was observed of both releases on the watch's scope.

    Parameters
    ----------
    before
        The other release's, before the watch began.
    beside
        The other release's, since; of a canary.
    watched
        The watched release's, since.
    """

    since: datetime
    now: datetime
    is_canary: bool
    before: tuple[Observation, ...]
    beside: tuple[Observation, ...]
    watched: tuple[Observation, ...]

    def of(self, indicator: Indicator) -> "Sides":
        """The same of one indicator."""
        some = (
            tuple(o for o in side if o.indicator is indicator)
            for side in (self.before, self.beside, self.watched)
        )
        return Sides(self.since, self.now, self.is_canary, *some)


def assess(parameters: GuardParameters, sides: Sides) -> Assessment:
    """What the observations say."""
    findings = tuple(
        _finding(parameters, indicator, watched, sides.of(indicator))
        for indicator, watched in parameters.indicators.items()
    )
    for standing in (Standing.TRIP, Standing.WATCHING):
        if found := next((f for f in findings if f.standing is standing), None):
            said = f"{found.indicator}: {found.said}" if standing is Standing.TRIP else "nothing found so far"
            return Assessment(standing, said, findings)
    return Assessment(Standing.PAUSED, "; ".join(dict.fromkeys(f.said for f in findings)), findings)


def _finding(
    parameters: GuardParameters, indicator: Indicator, watched: Watched, sides: Sides
) -> IndicatorFinding:
    spread = spread_of(indicator, sides.before, parameters.least_baseline)
    pairs = _pairs(parameters, indicator, sides, spread) if spread else ()
    p = _p(parameters, watched, pairs)
    threshold = parameters.alpha / parameters.tests
    hard = _over_limit(parameters, indicator, watched, sides, spread)
    other = sides.beside if sides.is_canary else sides.before
    standing, said, cause = Standing.WATCHING, f"p {p:.3g} after {len(pairs)} periods", None
    if hard:
        standing, said, cause = Standing.TRIP, hard, Cause.HARD_LIMIT
    elif p <= threshold:
        standing, said, cause = Standing.TRIP, f"p {p:.3g} is at most {threshold:.3g}", Cause.TEST
    elif reason := _why_not(parameters, sides, spread, pairs):
        standing, said = Standing.PAUSED, reason
    return IndicatorFinding(
        indicator, standing, said, p, threshold, len(pairs), len(sides.watched), _mean(sides.watched),
        len(other), _mean(other), cause, spread or 0.0, pairs,
    )  # fmt: skip


def spread_of(indicator: Indicator, before: tuple[Observation, ...], least: int) -> float | None:
    """Standard deviation of one observation; None where too few are known or all are the same."""
    if len(before) < least:
        return None
    values = [scaled(indicator, o.value) for o in before]
    mean, n = math.fsum(values) / len(values), len(values)
    if indicator.is_rate:
        share = max(_RAREST, min(1.0 - _RAREST, (math.fsum(values) + 1.0) / (n + 2.0)))
        return math.sqrt(share * (1.0 - share))
    deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
    return deviation if deviation > _FLAT * max(1.0, abs(mean)) else None


def scaled(indicator: Indicator, value: float) -> float:
    """The value as it is compared."""
    return math.log1p(max(0.0, value)) if indicator.is_relative else value


def _pairs(
    parameters: GuardParameters, indicator: Indicator, sides: Sides, spread: float
) -> tuple[Pair, ...]:
    length = timedelta(hours=parameters.period_hours)
    complete = (sides.now - sides.since) // length
    watched = {n: v for n, v in _by_period(indicator, sides.watched, sides, length).items() if n < complete}
    if sides.is_canary:
        other = _by_period(indicator, sides.beside, sides, length)
        matched = [(n, watched[n], other[n]) for n in sorted(watched) if n in other]
    else:
        earlier = _by_period(indicator, sides.before, sides, length)
        backwards = [earlier[n] for n in sorted(earlier, reverse=True)]
        matched = [(n, watched[n], past) for n, past in zip(sorted(watched), backwards, strict=False)]
    return tuple(_pair(n, a, b, spread) for n, a, b in matched[: parameters.most_periods])


def _by_period(
    indicator: Indicator, observations: Iterable[Observation], sides: Sides, length: timedelta
) -> dict[int, list[float]]:
    """Values by period, 0 the first one of the watch; those before it count below 0."""
    found: dict[int, list[float]] = {}
    for o in observations:
        found.setdefault((o.at - sides.since) // length, []).append(scaled(indicator, o.value))
    return found


def _pair(number: int, values: list[float], others: list[float], spread: float) -> Pair:
    mean, other = math.fsum(values) / len(values), math.fsum(others) / len(others)
    z = (mean - other) / (spread * math.sqrt(1.0 / len(values) + 1.0 / len(others)))
    return Pair(number, len(values), mean, len(others), other, z)


def _p(parameters: GuardParameters, watched: Watched, pairs: tuple[Pair, ...]) -> float:
    """The smaller p-value of the directions that are worse."""
    signs = {Worse.UP: (1.0,), Worse.DOWN: (-1.0,), Worse.ANY: (1.0, -1.0)}[watched.worse]
    return min(p_value(log_ratios((s * pair.z for pair in pairs), parameters.tau)) for s in signs)


def _over_limit(
    parameters: GuardParameters, indicator: Indicator, watched: Watched, sides: Sides, spread: float | None
) -> str:
    """Why the hard limit trips; empty where it does not."""
    limit = watched.hard_limit
    if limit is None or not sides.watched:
        return ""
    if indicator.is_rate:
        return _rate_over_limit(parameters, limit, sides, spread)
    worst = max(sides.watched, key=lambda o: (o.value, -o.place))
    usual = _scaled_mean(indicator, sides.before)
    is_far = spread is None or (scaled(indicator, worst.value) - usual) / spread > SIGMAS
    over = worst.value > limit and is_far
    return f"{worst.value:g} at {worst.place} in the log is above the hard limit {limit:g}" if over else ""


def _rate_over_limit(parameters: GuardParameters, limit: float, sides: Sides, spread: float | None) -> str:
    length = timedelta(hours=parameters.period_hours)
    usual = _mean(sides.before)
    for number, values in sorted(_by_period(Indicator.FALLBACK, sides.watched, sides, length).items()):
        rate, n = math.fsum(values) / len(values), len(values)
        is_far = spread is None or (rate - usual) * math.sqrt(n) / spread > SIGMAS
        if n >= parameters.least_for_rate and rate > limit and is_far:
            return f"{rate:g} of {n} in period {number} is above the hard limit {limit:g}"
    return ""


def _why_not(parameters: GuardParameters, sides: Sides, spread: float | None, pairs: tuple[Pair, ...]) -> str:
    """Why the test cannot go on by itself; empty where it can."""
    if len(sides.before) < parameters.least_baseline:
        return (
            f"the release before has {len(sides.before)} observations, {parameters.least_baseline} are needed"
        )
    if spread is None:
        return "the release before shows no spread to measure by"
    if len(pairs) >= parameters.most_periods:
        return f"inconclusive after {len(pairs)} periods"
    silence = (sides.now - max((o.at for o in sides.watched), default=sides.since)) / timedelta(
        hours=parameters.period_hours
    )
    if silence >= parameters.silent_periods:
        return f"nothing observed for {math.floor(silence)} periods"
    return ""


def _mean(observations: tuple[Observation, ...]) -> float:
    return math.fsum(o.value for o in observations) / len(observations) if observations else 0.0


def _scaled_mean(indicator: Indicator, observations: tuple[Observation, ...]) -> float:
    values = [scaled(indicator, o.value) for o in observations]
    return math.fsum(values) / len(values) if values else 0.0


def evidence_of(parameters: GuardParameters, sides: Sides, finding: IndicatorFinding) -> dict[str, Any]:
    """The window that a trip rests on, as the log keeps it: no floats."""
    places = [
        o.place for o in (*sides.before, *sides.beside, *sides.watched) if o.indicator is finding.indicator
    ]
    return {
        "indicator": finding.indicator.value,
        "cause": finding.cause.value if finding.cause else "",
        "said": finding.said,
        "since": sides.since.isoformat(),
        "until": sides.now.isoformat(),
        "first": min(places, default=0),
        "last": max(places, default=0),
        "spread": repr(finding.spread),
        "p": repr(finding.p),
        "threshold": repr(finding.threshold),
        "tau": repr(parameters.tau),
        "guard": parameters.guard,
        "pairs": [
            [p.number, p.count, repr(p.mean), p.other_count, repr(p.other_mean), repr(p.z)]
            for p in finding.pairs
        ],
    }  # fmt: skip
