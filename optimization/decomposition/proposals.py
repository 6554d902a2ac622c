"""
New plans for some items: each solved exactly at prices other than those it was planned at.

Whatever prices ask for, a proposal is a plan of whole lots that keeps minimum, maximum and lead
time, so that integrality never breaks on the way from the bound to a plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.decomposition.blocks import Prices, plan_part
from optimization.decomposition.crew import Crew
from optimization.decomposition.instance import Floats, Ints


@dataclass(frozen=True, slots=True)
class Proposals:
    """Item numbers (one may occur several times), their plans and costs."""

    which: Ints
    plans: Ints
    costs: Floats


@dataclass(frozen=True, slots=True)
class Planners:
    """The crew, and which items each of its parts holds."""

    crew: Crew
    edges: NDArray[np.int64]

    def propose(self, which: Ints, choice: Ints, prices: Sequence[Prices]) -> Proposals:
        """Plan item `which[r]` at `prices[choice[r]]`; `which` must not fall."""
        supply = np.stack([p.supply for p in prices])
        storage = np.stack([p.storage for p in prices])
        cuts = np.searchsorted(which, self.edges)
        arguments = [
            ((which[a:b] - edge).astype(np.int32), supply, storage, choice[a:b].astype(np.int32))
            for a, b, edge in zip(cuts[:-1], cuts[1:], self.edges[:-1], strict=True)
        ]
        answers = self.crew.each(plan_part, arguments)
        return Proposals(
            which, np.concatenate([a[0] for a in answers]), np.concatenate([a[1] for a in answers])
        )


def planners(crew: Crew) -> Planners:
    """Number the items of the crew's parts from 0."""
    return Planners(crew, np.cumsum([0, *(part.items.count for part in crew.parts)]))
