"""What was looked at on the way to an outcome; pure data, safe to log."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.feel import Value


@dataclass(frozen=True, slots=True)
class Step:
    """
    One decision, or one table inside it, as it was evaluated.

    Parameters
    ----------
    element
        Name of the decision or knowledge model.
    readings
        Input expressions of a table with the values they had.
    rows
        Ids of the rows that matched, in table order.
    problem
        Why the outcome is null although the model gives one; empty when nothing went wrong.
    """

    element: str
    outcome: Value
    readings: Mapping[str, Value] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    problem: str = ""


@dataclass(slots=True)
class Notes:
    """Steps in the order in which they were finished."""

    steps: list[Step] = field(default_factory=list)
