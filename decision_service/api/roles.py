"""
Who may call what: the method-by-role table, as data. A method that is not here is denied to all.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from decision_service.decision import EVERYTHING, Caller, Scope
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
    "SolveService/WatchDecide": frozenset({"erp", "planner"}),
    "SolveService/StartDecide": frozenset({"erp", "planner"}),
    "SolveService/UploadSnapshot": frozenset({"erp", "planner"}),
    "Operations/GetOperation": _EVERYONE,
    "Operations/ListOperations": _EVERYONE,
    "Operations/WaitOperation": _EVERYONE,
    "Operations/CancelOperation": frozenset({"erp", "planner", "operator"}),
    "Operations/DeleteOperation": frozenset(),  # the log forgets nothing
    "ReleaseService/PublishRelease": _GOVERNANCE,
    "ReleaseService/ProposeRelease": _GOVERNANCE,
    "ReleaseService/ApproveRelease": _GOVERNANCE,
    "ReleaseService/ActivateRelease": _GOVERNANCE,
    "ReleaseService/RollbackRelease": _GOVERNANCE | _OPERATOR,
    "ReleaseService/RevokeRelease": _GOVERNANCE | _OPERATOR,
    "ReleaseService/GetRelease": _EVERYONE,
    "ReleaseService/ListReleases": _EVERYONE,
    "RolloutService/CheckRelease": _GOVERNANCE,
    "RolloutService/StartShadow": _GOVERNANCE,
    "RolloutService/StopShadow": _GOVERNANCE | _OPERATOR,
    "RolloutService/GetShadowReport": _EVERYONE,
    "RolloutService/StartCanary": _GOVERNANCE,
    "RolloutService/StopCanary": _GOVERNANCE | _OPERATOR,
    "RolloutService/AssessImpact": _GOVERNANCE | frozenset({"auditor", "operator"}),
    "AuditService/GetCheckpoint": _EVERYONE,
    "AuditService/GetEntry": frozenset({"auditor"}),
    "AuditService/ListEntries": frozenset({"auditor"}),
    "AuditService/ProveInclusion": _EVERYONE,
    "AuditService/ProveConsistency": _EVERYONE,
    "AuditService/VerifyLog": frozenset({"auditor", "operator"}),
    "AuditService/ListCheckpoints": _EVERYONE,
    "AuditService/GetArtifact": frozenset({"auditor"}),
    "AuditService/GetLineage": _EVERYONE,
    "AuditService/ListDue": frozenset({"auditor", "governance", "operator"}),
    "AuditService/RequestRedaction": _GOVERNANCE | _OPERATOR,
    "AuditService/ApproveRedaction": _GOVERNANCE,
    "AuditService/PlaceHold": _GOVERNANCE,
    "AuditService/LiftHold": _GOVERNANCE,
    "ApprovalService/ListOrders": _EVERYONE,
    "ApprovalService/JudgeOrders": frozenset({"planner"}),
    "ApprovalService/OverrideOrder": frozenset({"planner"}),
    "ApprovalService/DelegateRole": frozenset({"planner"}),
    "ApprovalService/ListDelegations": _EVERYONE,
    "HandoverService/PullInstructions": frozenset({"erp"}),
    "HandoverService/WatchInstructions": frozenset({"erp"}),
    "HandoverService/AcknowledgeInstruction": frozenset({"erp"}),
    "HandoverService/ReviveInstruction": _OPERATOR,
    "ReportService/GetAdoption": frozenset({"planner", "governance", "operator", "auditor"}),
    "WaveService/GetWaves": frozenset({"planner", "governance", "operator", "auditor"}),
    "WaveService/OpenWave": _GOVERNANCE,
    "WaveService/PauseWaves": _GOVERNANCE | _OPERATOR,
    "WaveService/ResumeWaves": _GOVERNANCE,
    "WaveService/TakeBackWave": _GOVERNANCE | _OPERATOR,
    "RollbackService/PlanRollback": _OPERATOR,
    "RollbackService/ApproveRollback": _GOVERNANCE | _OPERATOR,
    "RollbackService/ExecuteRollback": _OPERATOR,
    "RollbackService/GetRollback": _GOVERNANCE | frozenset({"operator", "auditor"}),
    "RollbackService/ListRollbacks": _GOVERNANCE | frozenset({"operator", "auditor"}),
    "GuardService/ListWatches": _EVERYONE,
    "GuardService/SwitchGuard": _GOVERNANCE | _OPERATOR,
    "GuardService/ThawScope": _OPERATOR,
    "ManualService/FallBack": _GOVERNANCE | _OPERATOR,
    "ManualService/AskToLeave": _GOVERNANCE | _OPERATOR,
    "ManualService/ConfirmLeave": _GOVERNANCE | _OPERATOR,
    "ManualService/ListManualModes": _EVERYONE,
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


class Reach(StrEnum):
    """How far a method reaches, and so what a caller's grant must cover."""

    REQUEST = "the scope that the request names"
    WHOLE = "everything"


# A method that is not here shows or changes what the grant covers, and sees to that itself.
METHOD_REACH: Mapping[str, Reach] = {
    "DecisionService/Decide": Reach.REQUEST,
    "SolveService/WatchDecide": Reach.REQUEST,
    "SolveService/StartDecide": Reach.REQUEST,
    "ReleaseService/ActivateRelease": Reach.REQUEST,
    "ReleaseService/RollbackRelease": Reach.REQUEST,
    "ReleaseService/RevokeRelease": Reach.WHOLE,
    "RolloutService/StartShadow": Reach.REQUEST,
    "RolloutService/StopShadow": Reach.REQUEST,
    "RolloutService/GetShadowReport": Reach.WHOLE,
    "RolloutService/StartCanary": Reach.REQUEST,
    "RolloutService/StopCanary": Reach.REQUEST,
    "GuardService/SwitchGuard": Reach.REQUEST,
    "GuardService/ThawScope": Reach.REQUEST,
    "WaveService/GetWaves": Reach.WHOLE,
    "WaveService/OpenWave": Reach.WHOLE,
    "WaveService/PauseWaves": Reach.WHOLE,
    "WaveService/ResumeWaves": Reach.WHOLE,
    "WaveService/TakeBackWave": Reach.WHOLE,
    "ManualService/FallBack": Reach.REQUEST,
    "ManualService/AskToLeave": Reach.REQUEST,
    "ManualService/ConfirmLeave": Reach.REQUEST,
    "AuditService/GetEntry": Reach.WHOLE,
    "AuditService/ListEntries": Reach.WHOLE,
    "AuditService/VerifyLog": Reach.WHOLE,
    "AuditService/GetArtifact": Reach.WHOLE,
    "AuditService/ListDue": Reach.WHOLE,
    "AuditService/RequestRedaction": Reach.WHOLE,
    "AuditService/ApproveRedaction": Reach.WHOLE,
    "AuditService/PlaceHold": Reach.WHOLE,
    "AuditService/LiftHold": Reach.WHOLE,
}


def require_reach(method: str, caller: Caller, request: Any) -> None:
    """
    Hold what a request reaches against the caller's grant.

    Raises
    ------
    ForbiddenError
        The grant does not cover it.
    """
    reach = METHOD_REACH.get(method)
    if reach is None or caller.may_see(EVERYTHING):
        return
    scope = EVERYTHING
    if reach is Reach.REQUEST:
        asked = getattr(request, "decide", request).scope  # a wish to decide may be wrapped
        scope = Scope(asked.business_unit, asked.region, asked.location)
    if not caller.may_see(scope):
        granted = ", ".join(caller.scopes) or "nothing"
        raise ForbiddenError(
            f"`{caller.subject}` is granted {granted}, not `{scope.key}`", "SCOPE_NOT_GRANTED"
        )
