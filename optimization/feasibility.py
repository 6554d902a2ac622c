"""
Which rules cannot all be kept? A set that conflicts, and of which none can be left out.

Divide and conquer over the rules (Junker's QuickXplain, AAAI 2004): about k log(n / k) questions for
k of n rules, each whether some of them have a point in common. Because integrality is kept, it also
finds what no relaxation shows, a minimum order that does not fit into a store.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no truth
class Rule:
    """
    A rule of a model, as what is relaxed when it is left out.

    Parameters
    ----------
    columns, lower, upper
        Bounds that keep the rule; left out, the model's own bounds hold.
    is_elastic
        Left out, the columns are unbounded above instead.
    rows
        Rows that state the rule; left out, they say nothing.
    whole
        Columns that need not be whole without the rule.
    """

    name: str
    columns: Ints = field(default_factory=lambda: _NONE)
    lower: Floats = field(default_factory=lambda: np.empty(0))
    upper: Floats = field(default_factory=lambda: np.empty(0))
    is_elastic: bool = False
    rows: Ints = field(default_factory=lambda: _NONE)
    whole: Ints = field(default_factory=lambda: _NONE)


def conflict(rules: Sequence[Rule], can_keep: Callable[[Sequence[Rule]], bool]) -> tuple[Rule, ...]:
    """
    A smallest conflict: rules that cannot all be kept, while all but any one of them can.

    Parameters
    ----------
    rules
        The one in question stands first; of the rest, those to blame first stand last.
    can_keep
        Whether a plan keeps these rules.
    """
    if can_keep(rules):
        return ()
    return tuple(_narrow((), is_new=False, rules=tuple(rules), can_keep=can_keep))


def _narrow(
    kept: tuple[Rule, ...],
    *,
    is_new: bool,
    rules: tuple[Rule, ...],
    can_keep: Callable[[Sequence[Rule]], bool],
) -> tuple[Rule, ...]:
    if is_new and not can_keep(kept):
        return ()
    if len(rules) == 1:
        return rules
    half = len(rules) // 2
    first, second = rules[:half], rules[half:]
    late = _narrow((*kept, *first), is_new=bool(first), rules=second, can_keep=can_keep)
    early = _narrow((*kept, *late), is_new=bool(late), rules=first, can_keep=can_keep)
    return (*early, *late)


def merge(name: str, rules: Sequence[Rule]) -> Rule:
    """Several rules of one kind as one; a single rule stays what it is."""
    if len(rules) == 1:
        return rules[0]
    columns, lower, upper, rows, whole = (
        np.concatenate([getattr(rule, part) for rule in rules])
        for part in ("columns", "lower", "upper", "rows", "whole")
    )
    return Rule(name, columns, lower, upper, rules[0].is_elastic, rows, whole)
