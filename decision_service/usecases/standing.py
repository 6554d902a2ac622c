"""How a scope stands at the moment: what froze it, its rung of manual mode, and the pointers that both rest on."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from audit import Ledger
from decision_service.decision import Scope
from decision_service.usecases.freezing import freezes
from decision_service.usecases.manual_mode import Rung, in_force
from decision_service.usecases.recent import derived


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a scope stands.

    Parameters
    ----------
    frozen_by
        What froze it; empty for nothing.
    rung
        Where it stands on the ladder of manual mode.
    held
        Pointers that say so, which must still hold when a decision is logged.
    """

    frozen_by: str
    rung: Rung
    held: Mapping[str, str | None]


def standing_of(ledger: Ledger, scope: Scope) -> Standing:
    """How a scope stands; remembered with the pointers it rests on, for each decision asks."""
    return derived(ledger, ("standing", scope), lambda: _look(ledger, scope))


def _look(ledger: Ledger, scope: Scope) -> Standing:
    (holder, frozen), (rung, mode) = freezes(ledger, scope), in_force(ledger, scope)
    return Standing(holder, rung, MappingProxyType({**frozen, **mode}))
