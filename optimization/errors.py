"""What the optimisation engine refuses, one class per thing a caller can act on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input: where, what, and what would make it acceptable."""

    field: str
    problem: str
    fix: str = ""


class OptimizationError(Exception):
    """Base of everything this package raises."""


class InvalidNetworkError(OptimizationError):
    """
    The network contradicts itself or holds a value outside its range.

    Parameters
    ----------
    field
        Path of the field in snapshot terms, for example ``stages[3].on_hand``.
    fix
        What would make it acceptable, in words.
    others
        Further problems found in the same pass.
    """

    def __init__(self, field: str, problem: str, fix: str = "", others: tuple[Problem, ...] = ()) -> None:
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(f"{field}: {problem}" + (f"; {fix}" if fix else "") + more)
        self.field = field
        self.problem = problem
        self.fix = fix
        self.problems = (Problem(field, problem, fix), *others)


class SolverError(OptimizationError):
    """The solver answered something other than a termination we know: a bug or a bad build."""
