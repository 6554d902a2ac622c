"""Latin hypercube probabilities: every period sees every N-th part of its distribution once."""

import numpy as np
from numpy.typing import NDArray


def latin_hypercube(paths: int, periods: int, seed: int) -> NDArray[np.float64]:
    """
    Probabilities of shape (paths, periods), strictly between 0 and 1.

    References
    ----------
    McKay, Beckman, Conover (1979), Technometrics 21(2), 239-245.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    strata = generator.permuted(np.tile(np.arange(paths), (periods, 1)), axis=1).T
    inside = generator.uniform(0.0, 1.0, (paths, periods))
    return np.asarray(np.clip((strata + inside) / paths, 1e-9, 1.0 - 1e-9))
