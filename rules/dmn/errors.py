"""What is refused about a DMN file and about the inputs of its decisions."""

from rules.errors import RulesError


class DmnError(RulesError):
    """
    A DMN file, or a part of it, that cannot be read or expressed.

    Parameters
    ----------
    element
        Which one, as a person finds it in the drawing: ``decision `Approval` row 3``.
    line
        Line in the file; 0 when the whole file is meant.
    """

    def __init__(self, element: str, problem: str, line: int = 0) -> None:
        place = f" (line {line})" if line else ""
        super().__init__(f"{element}{place}: {problem}")
        self.element = element
        self.problem = problem
        self.line = line


class DmnInputError(RulesError):
    """
    An input that does not conform to its declared type.

    Parameters
    ----------
    field
        Path of the value, for example ``loan.rate``.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
