"""
Freezing: while a scope is frozen nothing is decided for it and nothing new is handed to the ERP.

Who froze it stands in the pointer `frozen/SCOPE`: a rollback that is executed, or a trip of the guard and
then the plan that it opened. Cancellations still go out. A person thaws what no rollback is working on.
"""

from collections.abc import Mapping
from types import MappingProxyType

from audit import Ledger, NewEntry, PointerMovedError
from decision_service.decision import Caller, Scope, scope_of
from decision_service.errors import MovedError, PreconditionError

FROZEN, THAWED = "frozen/", "scope-thawed.v1"
LAST_FROZEN = "frozen-last"
"""What froze anything last: what is decided for everything has to see every freeze, whatever its scope."""
_BOTH = "frozen"  # prefix of the two, so that one read sees both at the same moment
_EXECUTING = ("RUNNING", "ACTED")  # states of a rollback whose orders are being undone


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


def require_thawed(scope: Scope, holder: str, by: str = "") -> None:
    """
    Refuse to decide in a scope that something froze, unless for what froze it.

    Raises
    ------
    PreconditionError
        The scope is frozen.
    """
    if holder and holder != by:
        raise PreconditionError(
            f"`{scope.key}` is frozen by `{holder}` until that is finished; ask again later",
            "SCOPE_FROZEN",
            {"by": holder},
        )


def freezes(ledger: Ledger, scope: Scope) -> tuple[str, Mapping[str, str | None]]:
    """What froze a scope, and the pointers that say so: they must still hold at the append."""
    known = ledger.pointers(_BOTH)
    frozen = {k.removeprefix(FROZEN): v for k, v in known.items() if k.startswith(FROZEN)}
    held = {f"{FROZEN}{key}": frozen.get(key) for key in scope.candidates}
    if scope.key == "*":
        held[LAST_FROZEN] = known.get(LAST_FROZEN)
    return frozen_by(frozen, scope), MappingProxyType(held)


def is_executing(ledger: Ledger, holder: str) -> bool:
    """Whether what froze a scope is a rollback under way."""
    return (ledger.pointer(f"rollback/{holder}") or "").partition(" ")[0] in _EXECUTING


def thaw(ledger: Ledger, scope: Scope, reason: str, caller: Caller) -> str:
    """
    End a freeze that no rollback is working on; returns what had frozen the scope.

    Raises
    ------
    PreconditionError
        The scope is not frozen, or a rollback is being executed.
    MovedError
        Somebody else was faster.
    """
    pointer = f"{FROZEN}{scope.key}"
    holder = ledger.pointer(pointer)
    if holder is None:
        raise PreconditionError(f"`{scope.key}` is not frozen", "SCOPE_NOT_FROZEN")
    if is_executing(ledger, holder):
        raise PreconditionError(
            f"`{holder}` is being executed; finish it first", "SCOPE_FROZEN", {"by": holder}
        )
    envelope = {
        "scope": scope.key,
        "by": holder,
        "reason": reason,
        "actor": caller.subject,
        "trace_id": caller.trace_id,
    }
    moved = {f"rollback/{holder}": ledger.pointer(f"rollback/{holder}")}
    try:
        ledger.append(
            NewEntry(
                THAWED,
                f"freezes/{scope.key}",
                envelope,
                requires={pointer: holder, **moved},
                sets={pointer: None},
            )
        )
    except PointerMovedError as error:
        raise MovedError(f"`{scope.key}` moved meanwhile; look again", "SCOPE_MOVED") from error
    return holder
