"""The always-valid test: known values, a false-alarm rate that any peeking keeps, power."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision_service.usecases.guarding.sequential import log_normal, log_ratios, p_value

Z = st.floats(-8.0, 8.0)


@pytest.mark.parametrize("differences", [(2.0,), (-1.0,), (1.0, 0.5, 2.5), (3.0, -3.0)])
def test_the_ratio_is_the_mixture_by_numerical_integration(differences):
    """
    The closed form equals the likelihood ratio integrated over the half-normal mixture.
    """
    d = np.linspace(0.0, 12.0, 200_001)
    total, n = sum(differences), len(differences)
    density = 2.0 * np.exp(-d * d / 2.0) / math.sqrt(2.0 * math.pi)
    expected = np.trapezoid(np.exp(d * total - n * d * d / 2.0) * density, d)

    assert math.log(expected) == pytest.approx(log_ratios(differences)[-1], abs=1e-6)


def test_nothing_seen_says_nothing():
    """
    Before the first difference the p-value is 1, and nothing in favour never exceeds it.
    """
    assert (1.0, 1.0) == (p_value(()), p_value(log_ratios((-5.0, -5.0))))


def test_the_normal_tail_is_continuous_where_the_formula_changes():
    """
    Far below 0 the asymptote takes over without a jump.
    """
    assert log_normal(-29.999999) == pytest.approx(log_normal(-30.000001), abs=2e-3)
    assert math.isfinite(log_normal(-1e6))


def test_false_alarms_stay_below_alpha_however_often_one_looks():
    """
    3,000 worlds without a difference, looked at after each of 365 periods: at most 1 % alarms.
    """
    worlds = np.random.default_rng(7).standard_normal((3_000, 365))
    alarms = _alarms(worlds)

    assert 0.001 < np.isfinite(alarms).mean() <= 0.01


@pytest.mark.parametrize(("effect", "delay"), [(0.5, 41.0), (1.0, 11.0), (2.0, 4.0)])
def test_a_difference_is_found(effect, delay):
    """
    Median delay at half, one and two standard deviations.
    """
    worlds = np.random.default_rng(8).standard_normal((2_000, 120)) + effect

    assert delay == pytest.approx(np.median(_alarms(worlds)), rel=0.1, abs=0.6)


@given(st.lists(Z, max_size=40))
def test_the_p_value_never_rises(differences):
    """
    What was found once stays found.
    """
    ratios = log_ratios(differences)
    values = [p_value(ratios[:n]) for n in range(len(ratios) + 1)]

    assert sorted(values, reverse=True) == values
    assert all(0.0 <= v <= 1.0 for v in values)


@given(st.lists(Z, min_size=1, max_size=20), st.floats(0.0, 3.0))
def test_worse_is_never_less_suspect(differences, more):
    """
    A larger last difference gives a larger ratio.
    """
    worse = [*differences[:-1], differences[-1] + more]

    assert log_ratios(worse)[-1] >= log_ratios(differences)[-1] - 1e-12


def _alarms(worlds):
    """First period of each world in which L reaches 100; inf = none."""
    return np.array([_alarm(log_ratios(world)) for world in worlds.tolist()])


def _alarm(ratios):
    return next((float(n) for n, ratio in enumerate(ratios, 1) if ratio >= math.log(100.0)), math.inf)
