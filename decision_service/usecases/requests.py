"""A request apart from its snapshot: as it is parsed, and as an operation keeps it."""

from dataclasses import dataclass, fields

from decision_service.decision import EVERYTHING, DecisionMode, DecisionRequest, OrderProposal, Scope
from optimization.network import Snapshot


@dataclass(frozen=True, slots=True)
class RequestByDigest:
    """What is asked of a snapshot that is known by its digest."""

    request_id: str
    mode: DecisionMode = DecisionMode.PLAN
    proposals: tuple[OrderProposal, ...] = ()
    scope: Scope = EVERYTHING
    release: str = ""
    on_behalf_of: str = ""
    validate_only: bool = False

    def on(self, snapshot: Snapshot) -> DecisionRequest:
        """The whole request."""
        return DecisionRequest(
            self.request_id,
            snapshot,
            self.mode,
            self.proposals,
            self.scope,
            self.release,
            self.on_behalf_of,
            self.validate_only,
        )


def without_snapshot(request: DecisionRequest) -> RequestByDigest:
    """The request less its snapshot."""
    return RequestByDigest(**{f.name: getattr(request, f.name) for f in fields(RequestByDigest)})
