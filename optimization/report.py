"""Why a solve stopped, how good its answer is, and how good it could be (MathOpt's vocabulary)."""

from dataclasses import dataclass
from enum import StrEnum


class Termination(StrEnum):
    """Why the search ended."""

    OPTIMAL = "OPTIMAL"  # objective and bound meet within the gap asked for
    FEASIBLE = "FEASIBLE"  # a work limit was reached with an answer in hand
    HEURISTIC = "HEURISTIC"  # the answer comes from the constructive heuristic
    INFEASIBLE = "INFEASIBLE"
    NO_SOLUTION = "NO_SOLUTION"  # a work limit was reached with nothing in hand


@dataclass(frozen=True, slots=True)
class SolveLimits:
    """
    How much work a solve may do: work, never the clock, so that a replay does the same.

    Parameters
    ----------
    nodes
        Branch-and-bound nodes per slice.
    iterations
        Dual (price) iterations of the decomposition.
    slices
        How many slices of `nodes` may run; the clock may only choose this number, and it is logged.
    gap
        Relative gap at which the search stops.
    seed, threads
        Given to the solver; one thread keeps the answer independent of the machine.
    priced_stages
        From this many stages on, a part is planned by prices alone where they say all about it; from a
        few dozen on by prices first.
    """

    nodes: int = 2_000
    iterations: int = 60
    slices: int = 1
    gap: float = 1e-4
    seed: int = 0
    threads: int = 1
    priced_stages: int = 1_000


@dataclass(frozen=True, slots=True)
class SolveReport:
    """Objective, bound, gap (relative to the objective) and the work that was done."""

    name: str
    termination: Termination
    objective: float
    bound: float
    gap: float
    nodes: int = 0
    iterations: int = 0
    slices: int = 1
    columns: int = 0
    rows: int = 0
    solver: str = ""


def relative_gap(objective: float, bound: float) -> float:
    """(objective - bound) / |objective|, 0 where both vanish; never negative."""
    return max(0.0, objective - bound) / max(abs(objective), 1e-12)
