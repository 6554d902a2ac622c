"""
Quasi-random probabilities: scrambled Sobol points, one dimension a period.

A plan is judged by the distribution of cumulative demand. A Latin hypercube spreads each period
evenly and leaves their sums to chance; a digital net spreads the sums of few periods as well.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=16)  # every pass of a plan takes the same points
def sobol_points(paths: int, periods: int, seed: int) -> NDArray[np.float64]:
    """
    Probabilities of shape (paths, periods), strictly between 0 and 1.

    Best for a power of two paths; any other number takes the first of the next power.

    References
    ----------
    Owen (1998), Journal of Complexity 14(4), 466-489: scrambling Sobol points.
    """
    from scipy.stats import qmc  # noqa: PLC0415 - half a second, for those who sample

    points = qmc.Sobol(periods, scramble=True, seed=seed).random_base2(max(0, paths - 1).bit_length())
    clipped = np.asarray(np.clip(points[:paths], 1e-9, 1.0 - 1e-9))
    clipped.setflags(write=False)
    return clipped
