"""
From a fractional relaxation to a placement.

For any threshold, value(x) = number of tails at or above it keeps every arc and every pair of a stage:
both are statements about tails, so rounding never fails.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

THRESHOLDS = (0.999, 0.75, 0.5, 0.25, 0.001)


def threshold_values(tails: dict[int, Floats], grids: dict[int, Ints], threshold: float) -> dict[int, int]:
    """Value of each core variable at one threshold."""
    return {x: int(grids[x][np.count_nonzero(tail >= threshold)]) for x, tail in tails.items()}
