"""What the optimisation engine refuses, one class per thing a caller can act on."""


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
    """

    def __init__(self, field: str, problem: str, fix: str = "") -> None:
        super().__init__(f"{field}: {problem}" + (f"; {fix}" if fix else ""))
        self.field = field
        self.problem = problem
        self.fix = fix


class SolverError(OptimizationError):
    """The solver answered something other than a termination we know: a bug or a bad build."""
