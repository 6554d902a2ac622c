"""
Which release is at work for a scope on a day.

The most specific scope first; on each, a canary that takes the request, what became effective, what is active.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from audit import Ledger
from decision_service.decision import Scope
from decision_service.errors import PreconditionError
from decision_service.usecases.release_life import read_canary


@dataclass(frozen=True, slots=True)
class Choice:
    """
    Chooses by the pointers of the log.

    Parameters
    ----------
    effective
        The day from which a release of a name may govern.
    """

    ledger: Ledger
    effective: Callable[[str], date]

    def at_work(self, scope: Scope, on: date, request_id: str) -> str:
        """
        The name of the release.

        Raises
        ------
        PreconditionError
            None is, with what would help.
        """
        for key in scope.candidates:
            if name := self._canary(key, on, request_id) or self._due(key, on):
                return name
            if active := self.ledger.pointer(f"active/{key}"):
                return active
        raise self._nothing_governs(scope)

    def has_canary(self, scope: Scope) -> bool:
        """Whether it depends on the request which release is at work."""
        return any(self.ledger.pointer(f"canary/{key}") is not None for key in scope.candidates)

    def _nothing_governs(self, scope: Scope) -> PreconditionError:
        """What would help: an activation, or patience."""
        for key in scope.candidates:
            if name := self.ledger.pointer(f"upcoming/{key}"):
                said = f"`{name}` is effective from {self.effective(name)}, and nothing governs `{scope.key}` before"
                return PreconditionError(said, "RELEASE_NOT_EFFECTIVE")
        return PreconditionError(f"no release governs `{scope.key}`; activate one", "NO_ACTIVE_RELEASE")

    def _canary(self, key: str, on: date, request_id: str) -> str:
        pointer = self.ledger.pointer(f"canary/{key}")
        if pointer is None:
            return ""
        canary = read_canary(key, pointer)
        return canary.release if self.effective(canary.release) <= on and canary.takes(request_id) else ""

    def _due(self, key: str, on: date) -> str:
        name = self.ledger.pointer(f"upcoming/{key}") or ""
        return name if name and self.effective(name) <= on else ""
