"""An order as the log tells its life: the nouns of `order_state`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from decision_service.usecases.approvals.instructions import Delivery, InstructionKind
from decision_service.usecases.approvals.order_events import Step, Terms


class OrderState(StrEnum):
    """Where an order stands."""

    REFERRED = "REFERRED"
    OVERRIDDEN = "OVERRIDDEN"
    APPROVED = "APPROVED"
    BLOCKED = "BLOCKED"
    REJECTED = "REJECTED"
    VOID = "VOID"
    RELEASED = "RELEASED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    CHANGE_REQUESTED = "CHANGE_REQUESTED"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    CANCELLED = "CANCELLED"
    REFUSED = "REFUSED"
    SHIPPED = "SHIPPED"
    RECEIVED = "RECEIVED"


S = OrderState
WAITING = frozenset({S.REFERRED, S.OVERRIDDEN})
UNDELIVERED = frozenset({S.REFERRED, S.OVERRIDDEN, S.APPROVED})
_AT_ERP = frozenset(
    {S.RELEASED, S.ACKNOWLEDGED, S.CHANGE_REQUESTED, S.CANCEL_REQUESTED, S.SHIPPED, S.RECEIVED, S.CANCELLED}
)

INSTRUCTIONS: Mapping[OrderState, InstructionKind] = {
    S.APPROVED: InstructionKind.RELEASE,
    S.RELEASED: InstructionKind.RELEASE,
    S.CHANGE_REQUESTED: InstructionKind.CHANGE,
    S.CANCEL_REQUESTED: InstructionKind.CANCEL,
}

ALLOWED: Mapping[Step, frozenset[OrderState]] = {
    Step.SIGNED: WAITING,
    Step.REJECTED: WAITING,
    Step.ESCALATED: WAITING,
    Step.LAPSED: WAITING,
    Step.OVERRIDDEN: frozenset({S.REFERRED, S.APPROVED, S.ACKNOWLEDGED}),
    Step.OVERRIDE_EXPIRED: frozenset({S.OVERRIDDEN, S.APPROVED}),
    Step.VOIDED: frozenset({S.REFERRED, S.OVERRIDDEN, S.APPROVED}),
    Step.CANCEL_REQUESTED: frozenset({S.RELEASED, S.ACKNOWLEDGED, S.CHANGE_REQUESTED, S.OVERRIDDEN}),
    Step.COMPENSATION_OPENED: frozenset({S.SHIPPED}),
    Step.ANNOTATED: frozenset({S.SHIPPED, S.RECEIVED}),
    Step.SENT: frozenset(INSTRUCTIONS),
    Step.ANSWERED: _AT_ERP | {S.OVERRIDDEN, S.REFUSED},
    Step.DEAD: frozenset(INSTRUCTIONS) - {S.APPROVED},
    Step.REVIVED: frozenset(INSTRUCTIONS) - {S.APPROVED},
}


class IllegalStepError(Exception):
    """A step that the order's state does not allow."""

    def __init__(self, state: OrderState, step: Step) -> None:
        super().__init__(f"an order that is {state} cannot be {step.says}")
        self.state = state


@dataclass(frozen=True, slots=True)
class Tier:
    """One signature that an order needs: of whom, within how many days (0 = any time), and what then."""

    role: str
    wait_days: float = 0.0
    on_timeout: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed for which role; `giver` lent it, `on_timeout` means that nobody did in time."""

    role: str
    actor: str
    giver: str = ""
    is_timeout: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """What a person wanted instead, why, and until when it holds."""

    author: str
    terms: Terms
    reason_code: str
    playbook: str
    playbook_step: int
    expires: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Voice:
    """
    What was said about an order: by a person, or by a timer because nobody did.

    Parameters
    ----------
    actor
        Who; empty for a timer.
    asked
        Since when an answer was waited for; None where nobody had asked.
    reason_code
        Of an override.
    """

    step: Step
    actor: str
    at: datetime
    asked: datetime | None = None
    reason_code: str = ""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """
    An order as the log tells its life.

    Parameters
    ----------
    recommended, terms
        What the plan said, and what holds now.
    tiers
        Signatures still needed, the next one first; the order waits for the first.
    asked
        Role that is asked now: of the first tier, or of a rung of the ladder.
    rung
        Step of the ladder that is asked, -1 before the first.
    told
        What the ERP was told last; None = it does not know the order.
    index
        Place of the decision in the log.
    rolled_back
        The rollback that undid it as far as it could be; empty for none.
    origin
        What an override replaced, and falls back to, until it is confirmed and sent.
    voices
        All that was said about it, in the order of the log; what fell back is still told.
    """

    decision: str
    order: str
    scope: str
    stage: str
    item: str
    location: str
    lane_kind: str
    state: OrderState
    recommended: Terms
    terms: Terms
    opened: datetime
    since: datetime
    snapshot_digest: str = ""
    release: str = ""
    version: int = 0
    tiers: tuple[Tier, ...] = ()
    asked: str = ""
    wait_days: float = 0.0
    deadline: datetime | None = None
    on_timeout: str = ""
    rung: int = -1
    reasons: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    override: Override | None = None
    origin: "OrderRecord | None" = None
    was_overridden: bool = False
    settled: datetime | None = None
    told: Terms | None = None
    delivery: Delivery | None = None
    sent: tuple[str, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    note: str = ""
    index: int = 0
    rolled_back: str = ""
    voices: tuple[Voice, ...] = ()

    @property
    def pointer(self) -> str:
        """The pointer that holds the version."""
        return f"order/{self.decision}/{self.order}"

    @property
    def mark(self) -> str | None:
        """The value of the pointer in this state; unset before the first step."""
        return f"{self.version} {self.state}" if self.version else None

    @property
    def is_waiting(self) -> bool:
        """Whether a person is asked."""
        return self.state in WAITING

    @property
    def due(self) -> datetime | None:
        """When a timer of this order fires next."""
        moments = [self.deadline] if self.is_waiting and self.deadline else []
        if self.override and self.origin and self.state in ALLOWED[Step.OVERRIDE_EXPIRED]:
            end = self.override.expires + timedelta(days=1)
            moments.append(datetime(end.year, end.month, end.day, tzinfo=self.opened.tzinfo))
        return min(moments, default=None)

    def instruction(self, kind: InstructionKind) -> str:
        """Idempotency key of the next instruction of a kind, or of the outstanding one."""
        if self.delivery and self.delivery.kind is kind:
            return self.delivery.key
        number = 1 + sum(f"/{kind}/" in key for key in self.sent)
        return f"{self.decision}/orders/{self.order}/{kind}/{number}"
