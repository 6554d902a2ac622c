"""
`guard.yaml` of a policy set: when a release is rolled back without asking a person first.

It is governed like the rules beside it. A release is watched by the guard of the release that governed
before it (or governs beside it): no release lowers its own bar.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

import msgspec

from decision_service.errors import FieldViolation, InvalidRequestError
from decision_service.usecases.release_parameters import strangers


class Indicator(StrEnum):
    """What is watched; `guarding.indicators` says how each is measured."""

    ORDER_VALUE = "order_value"
    STOCKOUT_DAYS = "stockout_days"
    INFEASIBLE = "infeasible"
    FALLBACK = "fallback"
    OVERRIDE = "override"
    LATENCY = "latency"

    @property
    def is_rate(self) -> bool:
        """Whether an observation is 0 or 1."""
        return self in (Indicator.INFEASIBLE, Indicator.FALLBACK, Indicator.OVERRIDE)

    @property
    def is_relative(self) -> bool:
        """Whether twice as much weighs the same whatever the level: compared as logarithms."""
        return self in (Indicator.ORDER_VALUE, Indicator.LATENCY)


class Worse(StrEnum):
    """In which direction an indicator is worse."""

    UP = "UP"
    DOWN = "DOWN"
    ANY = "ANY"


@dataclass(frozen=True, slots=True)
class Watched:
    """
    How one indicator is watched.

    Parameters
    ----------
    hard_limit
        Above it the trip is at once, in the indicator's own unit: money, days, seconds of one decision,
        or the rate of a period. Where the spread is known it must also be 3 standard deviations away
        from what the other release does. None = no such limit.
    """

    worse: Worse = Worse.UP
    hard_limit: float | None = None


@dataclass(frozen=True, slots=True)
class GuardParameters:
    """
    What the guard goes by.

    Parameters
    ----------
    alpha
        Probability that a release no worse than the other is ever rolled back by the test, over all
        indicators together.
    tau
        Effects that are found fastest, standard deviations of the difference of a period.
    period_hours
        One difference an indicator is taken per period.
    baseline_days, least_baseline
        How far back the other release's observations tell the usual spread, and how many it takes.
    most_periods
        Periods after which nothing having been found is for a person to judge.
    silent_periods
        Periods without any observation after which a person has to look.
    least_for_rate
        Observations that a rate needs before its hard limit counts.
    cool_down_days
        After a trip no other one on the scope.
    """

    guard: str
    alpha: float = 0.01
    tau: float = 1.0
    period_hours: float = 24.0
    baseline_days: float = 90.0
    least_baseline: int = 30
    most_periods: int = 90
    silent_periods: int = 7
    least_for_rate: int = 5
    cool_down_days: float = 7.0
    indicators: Mapping[Indicator, Watched] = field(default_factory=dict)

    @property
    def tests(self) -> int:
        """Directions that are tested: `alpha` is shared out among them (Bonferroni)."""
        return sum(2 if w.worse is Worse.ANY else 1 for w in self.indicators.values())


_RANGES = {
    "alpha": (1e-6, 0.2), "tau": (0.05, 20.0), "period_hours": (0.25, 24.0 * 31), "baseline_days": (1.0, 3650.0),
    "least_baseline": (10, 100_000), "most_periods": (2, 3650), "silent_periods": (1, 3650),
    "least_for_rate": (1, 100_000), "cool_down_days": (0.0, 3650.0),
}  # fmt: skip
msgspec.json.Decoder(GuardParameters)  # msgspec knows the type from here on; see `audit.canonical.objects`


def read_guard(raw: object, path: str) -> GuardParameters:
    """
    The guard that a parsed file states.

    Raises
    ------
    InvalidRequestError
        Unknown names, wrong types, values out of range, nothing to watch.
    """
    try:
        guard = msgspec.convert(raw, GuardParameters, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(path, (str(error),)) from error
    whole = msgspec.to_builtins(guard)
    whole["indicators"] = {i.value: {"worse": "", "hard_limit": ""} for i in Indicator}
    problems = (*strangers(raw, whole, ""), *_wrong(guard))
    if problems:
        raise _refused(path, problems)
    return guard


def _wrong(guard: GuardParameters) -> Iterator[str]:
    for name, (least, most) in _RANGES.items():
        value = getattr(guard, name)
        if not least <= value <= most:
            yield f"{name}: {value}; give {least} to {most}"
    if not guard.indicators:
        yield "indicators: nothing is watched; name at least one, for example `order_value: {worse: ANY}`"
    for indicator, watched in guard.indicators.items():
        most = 1.0 if indicator.is_rate else inf
        if watched.hard_limit is not None and not 0.0 < watched.hard_limit < most:
            unit = "a share above 0 and below 1" if indicator.is_rate else "a number above 0"
            yield f"indicators.{indicator}.hard_limit: {watched.hard_limit}; give {unit}"


def _refused(path: str, problems: tuple[str, ...]) -> InvalidRequestError:
    return InvalidRequestError(
        tuple(FieldViolation(f"files[{path}]", problem) for problem in problems), "POLICY_INVALID"
    )
