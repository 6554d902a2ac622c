"""
How often detectors stop a harmless release, and how long they leave a bad one: a simulation.

One difference a period in standard deviations, normal; a release is worse by 0, 0.5, 1 or 2 of them.
The sequential test is the service's own code; the others are vectorised. False trips are counted over a
year, delays are medians over worlds of 1,200 periods.
"""

import math

import numpy as np
from report import Row

from decision_service.usecases.guarding.assessment import spread_of
from decision_service.usecases.guarding.indicators import Indicator, Observation
from decision_service.usecases.guarding.sequential import log_ratios

ALPHA = 0.01
YEAR, MONTH, LONG = 365, 30, 1200
WORLDS, ESTIMATED = 4000, 1500
NEVER = np.inf
# the facts that are to be reproduced: false trips in 30 and 365, delay at 0.5, 1 and 2 deviations, missed at 1
KNOWN = {
    "single sample p < .05": (0.78, 1.00, 6, 3, 1, 0.0),
    "more than 3 bad of 10": (0.006, 0.118, 104, 19, 6, 0.26),
    "Shewhart 3 sigma": (0.031, 0.40, 122, 30, 5, 0.49),
    "EWMA .2 / 2.86": (0.029, 0.38, 29, 8, 3, 0.006),
    "CUSUM .5 / 5": (0.026, 0.32, 29, 9, 4, 0.006),
    "mSPRT, alpha .01": (0.004, 0.005, 41, 11, 3, 0.013),
}


def first(hit):
    """Period of the first True of each row, counted from 1."""
    return np.where(hit.any(axis=1), hit.argmax(axis=1) + 1.0, NEVER)


def single(z):
    return first(z > 1.645)


def argo(z):
    """More than 3 of the last 10 periods beyond 1.645."""
    bad = np.cumsum(z > 1.645, axis=1)
    before = np.concatenate((np.zeros((len(z), 10)), bad[:, :-10]), axis=1)
    return first(bad - before > 3)


def shewhart(z):
    return first(z > 3.0)


def ewma(z, weight=0.2, limit=2.86):
    level, hit = np.zeros(len(z)), np.zeros(z.shape, dtype=bool)
    for t in range(z.shape[1]):
        level = weight * z[:, t] + (1.0 - weight) * level
        spread = math.sqrt(weight / (2.0 - weight) * (1.0 - (1.0 - weight) ** (2 * t + 2)))
        hit[:, t] = level > limit * spread
    return first(hit)


def cusum(z, slack=0.5, limit=5.0):
    level, hit = np.zeros(len(z)), np.zeros(z.shape, dtype=bool)
    for t in range(z.shape[1]):
        level = np.maximum(0.0, level + z[:, t] - slack)
        hit[:, t] = level > limit
    return first(hit)


def msprt(z):
    """The service's own test."""
    limit = math.log(1.0 / ALPHA)
    return np.array([_ours(world, limit) for world in z.tolist()])


def _ours(world, limit, step=50):
    """Most worlds end early: read on only where they have not."""
    for stop in range(step, len(world) + step, step):
        found = log_ratios(world[:stop])
        place = next((n for n, ratio in enumerate(found, 1) if ratio >= limit), None)
        if place:
            return float(place)
    return NEVER


DETECTORS = {
    "single sample p < .05": single,
    "more than 3 bad of 10": argo,
    "Shewhart 3 sigma": shewhart,
    "EWMA .2 / 2.86": ewma,
    "CUSUM .5 / 5": cusum,
    "mSPRT, alpha .01": msprt,
}


def measure(detect, random):
    """False trips in 30 and 365, median delay at 0.5, 1, 2 deviations, missed in 30 at 1."""
    harmless = detect(random.standard_normal((WORLDS, YEAR)))
    worlds = WORLDS // 4 if detect is msprt else WORLDS
    late = [detect(random.standard_normal((worlds, LONG)) + effect) for effect in (0.5, 1.0, 2.0)]
    delays = [float(np.median(found)) for found in late]
    return [
        float((harmless <= MONTH).mean()),
        float((harmless <= YEAR).mean()),
        *delays,
        float((late[1] > MONTH).mean()),
    ]


def estimated(random, baseline):
    """False trips in a year where the spread is estimated from so many observations, as the guard does."""
    trips = 0
    for world in range(ESTIMATED):
        values = random.standard_normal(baseline) + 100.0
        before = tuple(
            Observation(Indicator.STOCKOUT_DAYS, "r", ("*",), None, world, v) for v in values.tolist()
        )
        spread = spread_of(Indicator.STOCKOUT_DAYS, before, 10)
        z = (random.standard_normal(90) / spread).tolist()
        trips += any(ratio >= math.log(1.0 / ALPHA) for ratio in log_ratios(z))
    return trips / ESTIMATED


def rows():
    """Ours beside each of the others, and beside the figures that were known."""
    random = np.random.default_rng(20261125)
    found = {name: measure(detect, random) for name, detect in DETECTORS.items()}
    ours, result = found["mSPRT, alpha .01"], []
    metrics = (
        "P(false trip in 30)", "P(false trip in 365)", "median delay at 0.5 sigma, periods",
        "median delay at 1 sigma, periods", "median delay at 2 sigma, periods", "missed in 30 at 1 sigma",
    )  # fmt: skip
    for name, figures in found.items():
        for place, metric in enumerate(metrics):
            known = KNOWN[name][place]
            tolerance = _tolerance(known, is_rate=place in (0, 1, 5))
            holds = abs(figures[place] - known) <= tolerance
            goal = f"{known:g} as known, within {tolerance:.3g}"
            ratio = figures[place] / ours[place] if ours[place] else None
            result.append(
                Row(f"detector: {name}", metric, ours[place], figures[place], name, ratio, goal, holds)
            )
    for baseline in (30, 100):
        rate = estimated(random, baseline)
        case = f"detector: spread estimated from {baseline} observations"
        result.append(
            Row(case, "P(false trip in 90)", rate, None, "", None, "<= 0.01 where the spread is known", None)
        )
    return result


def _tolerance(known, *, is_rate):
    """What the noise of both simulations may amount to."""
    if is_rate:
        return 0.03 if known > 0.1 else 0.015
    return max(1.0, 0.15 * known)
