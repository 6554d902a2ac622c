"""
From observations to figures of groups, none of which tells what one person did.

A group in which fewer than `FEWEST` people spoke keeps its figures to itself. That alone would not
hide it: the total less the groups that are shown gives the rest. So groups are held back, the
smallest first, until whoever is hidden is nobody or `FEWEST` people at least.
"""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from decision_service.usecases.adoption.observation import ANSWERED, Ending, Observation

FEWEST = 5  # people
NO_REASON = "-"
_NINE_TENTHS = 9  # the last of ten equal parts begins here


@dataclass(frozen=True, slots=True)
class AdoptionFigures:
    """
    What the people of a group did.

    Parameters
    ----------
    acceptance, override_rate
        Of the orders that people answered: signed as recommended, or wanted otherwise.
    hours_median, hours_p90
        From being asked to the answer; None where nobody had been asked.
    valued, value_per_day
        Overrides whose outcome is known, and what they were worth together, money a day.
    """

    people: int
    answered: int
    accepted: int
    overridden: int
    rejected: int
    acceptance: float
    override_rate: float
    hours_median: float | None
    hours_p90: float | None
    valued: int
    value_per_day: float | None


@dataclass(frozen=True, slots=True)
class AdoptionGroup:
    """
    Orders that have something in common.

    Parameters
    ----------
    figures
        None where they would tell about fewer than five people.
    """

    name: str
    orders: int
    automatic: int
    lapsed: int
    unanswered: int
    figures: AdoptionFigures | None = None

    @property
    def is_suppressed(self) -> bool:
        """Whether the figures are held back."""
        return self.figures is None


@dataclass(frozen=True, slots=True)
class AdoptionReport:
    """All orders, and the same orders by segment and by the reason code of their override."""

    total: AdoptionGroup
    segments: tuple[AdoptionGroup, ...]
    reasons: tuple[AdoptionGroup, ...]


def tally(observations: tuple[Observation, ...]) -> AdoptionReport:
    """The report on these orders."""
    (total,) = _groups(observations, lambda _: "all") or (_group("all", (), is_shown=False),)
    overridden = tuple(o for o in observations if o.ending is Ending.OVERRIDDEN)
    return AdoptionReport(
        total,
        _groups(observations, lambda o: o.segment),
        _groups(overridden, lambda o: o.reason_code or NO_REASON),
    )


def figures_of(observations: Iterable[Observation]) -> AdoptionFigures:
    """
    Figures of a group of any size.

    For gates, which say whether they hold; who shows figures asks `tally`.
    """
    some = tuple(observations)
    answered = [o for o in some if o.ending in ANSWERED]
    counts = {ending: sum(o.ending is ending for o in answered) for ending in ANSWERED}
    hours = [h for o in some for h in o.hours]
    worth = [o.value for o in some if o.value is not None]
    return AdoptionFigures(
        people=len(_people(some)),
        answered=len(answered),
        accepted=counts[Ending.ACCEPTED],
        overridden=counts[Ending.OVERRIDDEN],
        rejected=counts[Ending.REJECTED],
        acceptance=counts[Ending.ACCEPTED] / len(answered) if answered else 0.0,
        override_rate=counts[Ending.OVERRIDDEN] / len(answered) if answered else 0.0,
        hours_median=statistics.median(hours) if hours else None,
        hours_p90=_p90(hours),
        valued=len(worth),
        value_per_day=sum(worth) if worth else None,
    )


def _p90(hours: list[float]) -> float | None:
    if len(hours) < 2:
        return hours[0] if hours else None
    return statistics.quantiles(hours, n=10, method="inclusive")[_NINE_TENTHS - 1]


def _groups(
    observations: tuple[Observation, ...], key: Callable[[Observation], str]
) -> tuple[AdoptionGroup, ...]:
    """The parts of a whole, largest first; those that may not be shown keep their figures."""
    parts: dict[str, list[Observation]] = {}
    for observation in observations:
        parts.setdefault(key(observation), []).append(observation)
    hidden = hidden_parts({name: _people(some) for name, some in parts.items()})
    ordered = sorted(parts.items(), key=lambda part: (-len(part[1]), part[0]))
    return tuple(_group(name, some, is_shown=name not in hidden) for name, some in ordered)


def hidden_parts(people: dict[str, frozenset[str]]) -> frozenset[str]:
    """
    Which parts of a whole are held back, by the people who spoke in each.

    The whole is taken to be known.
    """
    hidden = {name for name, some in people.items() if len(some) < FEWEST}
    shown = sorted(people.keys() - hidden, key=lambda name: (len(people[name]), name))
    for name in shown:
        together = frozenset[str]().union(*(people[h] for h in hidden))
        if not together or len(together) >= FEWEST:
            break
        hidden.add(name)
    return frozenset(hidden)


def _group(name: str, some: Iterable[Observation], *, is_shown: bool) -> AdoptionGroup:
    orders = tuple(some)
    counts = {ending: sum(o.ending is ending for o in orders) for ending in Ending}
    return AdoptionGroup(
        name,
        len(orders),
        counts[Ending.AUTOMATIC],
        counts[Ending.LAPSED],
        counts[Ending.UNANSWERED],
        figures_of(orders) if is_shown else None,
    )


def _people(some: Iterable[Observation]) -> frozenset[str]:
    return frozenset(person for o in some for person in o.people)
