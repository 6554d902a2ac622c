"""Assessments: false alarms on rates of all sizes, pauses, hard limits of rates, evidence without floats."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import canonical
from decision_service.usecases.guarding.assessment import Cause, Sides, Standing, assess, evidence_of
from decision_service.usecases.guarding.indicators import Observation
from decision_service.usecases.release_guard import GuardParameters, Indicator, Watched, Worse

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
INFEASIBLE = GuardParameters("g", indicators={Indicator.INFEASIBLE: Watched()})


def observations(indicator, values, start, release="r", each=1):
    """So many values a day."""
    return tuple(
        Observation(indicator, release, ("*",), start + DAY * (n // each) + timedelta(hours=1), n, float(v))
        for n, v in enumerate(values)
    )


def sides(indicator, before, watched, *, beside=(), each=1):
    days = max(len(watched), len(beside)) // each
    first = SINCE - DAY * (len(before) // each)
    return Sides(
        SINCE, SINCE + DAY * days, bool(len(beside)),
        observations(indicator, before, first, each=each), observations(indicator, beside, SINCE, each=each),
        observations(indicator, watched, SINCE, each=each),
    )  # fmt: skip


@pytest.mark.parametrize("each", [1, 5])
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.2, 0.5, 0.95])
def test_rates_that_do_not_change_hardly_ever_trip(rate, each):
    """
    60 canaries of 60 days with the rate of their control, rare or common, one decision a day or five.
    """
    random = np.random.default_rng(int(rate * 100) + each)
    trips = 0
    for _ in range(60):
        before, beside, watched = (random.random((3, 60 * each)) < rate).astype(float)
        found = assess(INFEASIBLE, sides(Indicator.INFEASIBLE, before, watched, beside=beside, each=each))
        trips += found.standing is Standing.TRIP

    assert trips <= 3


def test_a_rate_that_rises_trips():
    """
    From 5 % to 60 % of five decisions a day: within a week.
    """
    random = np.random.default_rng(3)
    before, beside = (random.random((2, 300)) < 0.05).astype(float)
    watched = (random.random(35) < 0.6).astype(float)
    found = assess(INFEASIBLE, sides(Indicator.INFEASIBLE, before, watched, beside=beside[:35], each=5))

    assert (Standing.TRIP, Cause.TEST) == (found.standing, found.trips.cause)


def test_the_hard_limit_of_a_rate_waits_for_enough_decisions():
    """
    Four of four infeasible say little; five of five are above the limit, before the period is over.
    """
    parameters = GuardParameters("g", indicators={Indicator.INFEASIBLE: Watched(hard_limit=0.9)})
    before = [0.0] * 40
    four, five = (sides(Indicator.INFEASIBLE, before, [1.0] * n, each=10) for n in (4, 5))

    assert Standing.TRIP != assess(parameters, four).standing
    assert (Standing.TRIP, Cause.HARD_LIMIT) == (
        assess(parameters, five).standing,
        assess(parameters, five).trips.cause,
    )


@pytest.mark.parametrize(
    ("before", "watched", "said"),
    [
        ([1.0, 2.0] * 5, [9.0] * 9, "30 are needed"),
        ([1.0] * 40, [9.0] * 9, "no spread"),
        ([1.0, 2.0] * 50, [1.0, 2.0] * 50, "inconclusive after 90 periods"),
    ],
)
def test_what_cannot_be_judged_pauses(before, watched, said):
    """
    Too few observations before, all of them the same, nothing found for long.
    """
    parameters = GuardParameters("g", baseline_days=365, indicators={Indicator.STOCKOUT_DAYS: Watched()})
    found = assess(parameters, sides(Indicator.STOCKOUT_DAYS, before, watched))

    assert Standing.PAUSED == found.standing
    assert said in found.said


def test_better_is_no_harm_where_only_up_is_worse():
    """
    Half the order value trips where any change is worse, and not where only more is.
    """
    random = np.random.default_rng(4)
    before, watched = (
        1000.0 * np.exp(0.3 * random.standard_normal(60)),
        300.0 * np.exp(0.3 * random.standard_normal(30)),
    )
    found = {
        worse: assess(
            GuardParameters("g", indicators={Indicator.ORDER_VALUE: Watched(worse)}),
            sides(Indicator.ORDER_VALUE, before, watched),
        ).standing
        for worse in Worse
    }

    assert {Worse.UP: Standing.WATCHING, Worse.DOWN: Standing.TRIP, Worse.ANY: Standing.TRIP} == found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.0, 1e9), max_size=60),
    st.lists(st.floats(0.0, 1e9), max_size=40),
    st.sampled_from(Indicator),
)
def test_any_observations_are_assessed_and_can_be_logged(before, watched, indicator):
    """
    Whatever was observed: a standing, a p-value between 0 and 1, and evidence in canonical JSON.
    """
    parameters = GuardParameters(
        "g", indicators={indicator: Watched(Worse.ANY, None if indicator.is_rate else 1e6)}
    )
    scale = 1e9 if indicator.is_rate else 1.0
    seen = sides(
        indicator,
        [round(v / scale) if scale > 1 else v for v in before],
        [round(v / scale) if scale > 1 else v for v in watched],
    )
    (finding,) = assess(parameters, seen).findings

    assert 0.0 <= finding.p <= 1.0
    assert canonical.encode(evidence_of(parameters, seen, finding))
