"""What is wrong with a policy file, where, and how to fix it; collected, never only the first."""

from dataclasses import dataclass
from enum import StrEnum

EXCERPT = 160  # characters of a source line that a message may quote


class Code(StrEnum):
    """The kinds of complaint, for machines."""

    YAML = "YAML"
    LIMIT = "LIMIT"
    SHAPE = "SHAPE"
    NAME = "NAME"
    DUPLICATE = "DUPLICATE"
    UNKNOWN = "UNKNOWN"
    TYPE = "TYPE"
    EXPRESSION = "EXPRESSION"
    CYCLE = "CYCLE"
    HIT_POLICY = "HIT_POLICY"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a policy file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """`file:line:column`, which editors open."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """
    One complaint.

    Parameters
    ----------
    length
        Characters to underline, at least 1.
    source
        The line the position points into, shortened.
    """

    where: Position
    code: Code
    message: str
    fix: str
    length: int = 1
    source: str = ""

    def __str__(self) -> str:
        """The complaint, the fix, the line and a caret below it."""
        head = f"{self.where}: {self.message}" + (f"; {self.fix}" if self.fix else "")
        if not self.source or self.where.column > len(self.source) + 1:
            return head
        room = max(1, len(self.source) - self.where.column + 1)
        caret = " " * (self.where.column - 1) + "^" * max(1, min(self.length, room))
        return f"{head}\n    {self.source}\n    {caret}"
