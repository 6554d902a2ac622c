"""
An always-valid sequential test: it may be looked at after every period and stopped at any of them.

The mixture sequential probability ratio test of Robbins (1970) in the form of Johari, Koomen, Pekelis
and Walsh (2017, "Peeking at A/B tests", section 4), one-sided. Of z_1, z_2, ... independent N(d, 1),
S_n = z_1 + ... + z_n, and d mixed over the half-normal density 2 phi(d / tau) / tau, d > 0:

    L_n = 2 (1 + n tau^2)^(-1/2) exp( tau^2 S_n^2 / (2 (1 + n tau^2)) ) Phi( tau S_n / sqrt(1 + n tau^2) )

Under d = 0, L_n is a martingale of mean 1, so that P(L_n >= 1 / alpha for any n) <= alpha (Ville 1939);
under d < 0 it is smaller still. p_n = min(1, 1 / max(L_1 .. L_n)) is an always-valid p-value.
"""

import math
from collections.abc import Iterable

TAU = 1.0
"""Size of effects that are found fastest, standard deviations; 1 reaches 0.5 to 2 well."""
_FAR = -30.0  # where Phi underflows before its asymptote does


def log_ratios(differences: Iterable[float], tau: float = TAU) -> tuple[float, ...]:
    """
    The logarithm of L_n after every difference.

    Parameters
    ----------
    differences
        Standardised, independent, positive where it is worse.
    """
    found, total = [], 0.0
    for n, z in enumerate(differences, 1):
        total += z
        spread = 1.0 + n * tau * tau
        reach = tau * total / math.sqrt(spread)
        found.append(math.log(2.0) - 0.5 * math.log(spread) + 0.5 * reach * reach + log_normal(reach))
    return tuple(found)


def p_value(ratios: Iterable[float]) -> float:
    """The always-valid p-value after these logarithms of L_n; 1 before the first."""
    return min(1.0, math.exp(-max(0.0, *ratios, 0.0)))


def log_normal(x: float) -> float:
    """The logarithm of Phi(x), also far below 0: there Phi(x) ~ phi(x) / -x (Mills)."""
    if x > _FAR:
        return math.log(0.5 * math.erfc(-x / math.sqrt(2.0)))
    return -0.5 * x * x - math.log(-x * math.sqrt(2.0 * math.pi))
