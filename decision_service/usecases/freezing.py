"""
Freezing: while a scope is frozen nothing is decided for it and nothing new is handed to the ERP.

Who froze it stands in the pointer `frozen/SCOPE`. Cancellations still go out.
"""

from audit import Ledger
from decision_service.decision import Scope, scope_of
from decision_service.errors import PreconditionError

FROZEN = "frozen/"


def frozen_scopes(ledger: Ledger) -> dict[str, str]:
    """Frozen scopes by key, and what froze each."""
    return {k.removeprefix(FROZEN): v for k, v in ledger.pointers(FROZEN).items()}


def frozen_by(frozen: dict[str, str], scope: Scope) -> str:
    """What froze a scope or one that may overlap with it; empty for nothing."""
    for key in scope.candidates:
        if key in frozen:
            return frozen[key]
    # everything contains every frozen scope
    return next(iter(frozen.values()), "") if scope.key == "*" else ""


def is_frozen(frozen: dict[str, str], key: str) -> bool:
    """Whether the scope of this key is frozen."""
    return bool(frozen) and bool(frozen_by(frozen, scope_of(key)))


def require_thawed(ledger: Ledger, scope: Scope, by: str = "") -> dict[str, str | None]:
    """
    Refuse to decide in a frozen scope, unless for what froze it; what must still hold at the append.

    Raises
    ------
    PreconditionError
        The scope is frozen.
    """
    frozen = frozen_scopes(ledger)
    holder = frozen_by(frozen, scope)
    if holder and holder != by:
        raise PreconditionError(
            f"`{scope.key}` is frozen by `{holder}` until that is finished; ask again later",
            "SCOPE_FROZEN",
            {"by": holder},
        )
    return {f"{FROZEN}{key}": frozen.get(key) for key in scope.candidates}
