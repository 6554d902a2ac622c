"""
Who may call what: the method-by-role table, as data. A method that is not here is denied to all.
"""

from collections.abc import Mapping

from decision_service.decision import Caller
from decision_service.errors import ForbiddenError

ROLES = ("erp", "planner", "governance", "operator", "auditor")

_EVERYONE = frozenset(ROLES)
_GOVERNANCE, _OPERATOR = frozenset({"governance"}), frozenset({"operator"})

METHOD_ROLES: Mapping[str, frozenset[str]] = {
    "DecisionService/Decide": frozenset({"erp", "planner"}),
    "DecisionService/GetDecision": _EVERYONE,
    "DecisionService/ListDecisions": _EVERYONE,
    "DecisionService/ReplayDecision": frozenset({"auditor", "operator", "governance", "planner"}),
    "DecisionService/ExplainOrder": _EVERYONE,
    "ReleaseService/PublishRelease": _GOVERNANCE,
    "ReleaseService/ProposeRelease": _GOVERNANCE,
    "ReleaseService/ApproveRelease": _GOVERNANCE,
    "ReleaseService/ActivateRelease": _GOVERNANCE,
    "ReleaseService/RollbackRelease": _GOVERNANCE | _OPERATOR,
    "ReleaseService/RevokeRelease": _GOVERNANCE | _OPERATOR,
    "ReleaseService/GetRelease": _EVERYONE,
    "ReleaseService/ListReleases": _EVERYONE,
    "AuditService/GetCheckpoint": _EVERYONE,
    "AuditService/GetEntry": frozenset({"auditor"}),
    "AuditService/ListEntries": frozenset({"auditor"}),
    "AuditService/ProveInclusion": _EVERYONE,
    "AuditService/ProveConsistency": _EVERYONE,
    "AuditService/VerifyLog": frozenset({"auditor", "operator"}),
}


def require(method: str, caller: Caller) -> None:
    """
    Deny by default.

    Raises
    ------
    ForbiddenError
        No role of the caller may call the method.
    """
    allowed = METHOD_ROLES.get(method, frozenset())
    if not allowed & caller.roles:
        needed = " or ".join(sorted(allowed)) or "nobody"
        raise ForbiddenError(f"`{method}` is for {needed}; `{caller.subject}` is not", "ROLE_REQUIRED")
