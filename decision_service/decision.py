"""
The nouns of deciding: what is asked, what follows from it, and the record of both.

Field names equal those of the protobuf messages in `protos/decision_service/v1`, whose comments
state unit and range. An `Outcome` is all that follows from a `Question` and a release: a pure
value, compared byte for byte on replay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

import msgspec

from decision_service.derived import Followed
from optimization.network import Finding, LaneKind, Snapshot, SourceFile
from optimization.plan import BindingResource, GaveWay, Pegging, SafetyStock
from optimization.report import SolveReport


class DecisionMode(StrEnum):
    """What a decision is asked to do."""

    PLAN = "PLAN"
    JUDGE = "JUDGE"


class Verdict(StrEnum):
    """The judgement on a decision as a whole."""

    APPROVED = "APPROVED"
    REFERRED = "REFERRED"
    REJECTED = "REJECTED"


class Disposition(StrEnum):
    """The judgement on one order."""

    APPROVED = "APPROVED"
    REFERRED = "REFERRED"
    BLOCKED = "BLOCKED"


class Fallback(StrEnum):
    """Manual mode: how far deciding has fallen back, the furthest last."""

    NONE = "NONE"
    LAST_GOOD = "LAST_GOOD"
    REORDER_POINTS = "REORDER_POINTS"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom a release governs; empty = everything. Location beats region beats business unit."""

    business_unit: str = ""
    region: str = ""
    location: str = ""

    @property
    def key(self) -> str:
        """The scope in one word, for pointers and people: ``region:north`` or ``*``."""
        for kind in ("location", "region", "business_unit"):
            if value := getattr(self, kind):
                return f"{kind}:{value}"
        return "*"

    @property
    def parts(self) -> tuple[str, ...]:
        """A key for each kind that is named, the most specific first; ``scope_of(*s.parts) == s``."""
        return self.candidates[:-1] or ("*",)

    @property
    def candidates(self) -> tuple[str, ...]:
        """Keys of the scopes that cover this one, the most specific first."""
        return _covering(self)


EVERYTHING = Scope()
"""What is meant where none is named; one object, so that most comparisons end at the first look."""


@lru_cache(maxsize=1024)  # a decision asks four times, and units are few
def _covering(scope: Scope) -> tuple[str, ...]:
    kinds = ("location", "region", "business_unit")
    return (*(f"{kind}:{getattr(scope, kind)}" for kind in kinds if getattr(scope, kind)), "*")


def scope_of(*keys: str) -> Scope:
    """The scope of a key, or of the keys of its parts: ``scope_of(s.key).key == s.key``."""
    named = [key.partition(":") for key in keys if key != "*"]
    return Scope(**{kind: value for kind, _, value in named}) if named else EVERYTHING


@dataclass(frozen=True, slots=True)
class OrderProposal:
    """An order that the caller proposes, to be judged."""

    id: str
    lane: str
    quantity: float
    order_date: date | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, apart from the snapshot: with it, all that an outcome depends on."""

    snapshot_digest: str
    received: date
    mode: DecisionMode = DecisionMode.PLAN
    scope: Scope = EVERYTHING
    proposals: tuple[OrderProposal, ...] = ()
    fallback: Fallback = Fallback.NONE


@dataclass(frozen=True)
class DecisionRequest(Followed):
    """
    One request of an ERP.

    What follows from all of it but its request_id is worked out once, and goes along with those who ask the same.
    """

    request_id: str
    snapshot: Snapshot
    mode: DecisionMode = DecisionMode.PLAN
    proposals: tuple[OrderProposal, ...] = ()
    scope: Scope = EVERYTHING
    release: str = ""
    on_behalf_of: str = ""
    validate_only: bool = False

    def under(self, request_id: str) -> "DecisionRequest":
        """The same, asked under another request_id."""
        self.__dict__.setdefault("_followed", {})  # one for both
        other = object.__new__(DecisionRequest)  # checked already, field by field
        other.__dict__.update(self.__dict__, request_id=request_id)
        return other


class Caller(msgspec.Struct, frozen=True):  # one a call, made in an eighth of the time of a dataclass
    """Who is calling: an authenticated subject, its roles, and the trace of the call."""

    subject: str
    roles: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ("*",)
    trace_id: str = ""

    def may_see(self, scope: Scope) -> bool:
        """Whether the caller's grant covers a scope."""
        return "*" in self.scopes or scope.key in self.scopes


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that spoke, and what it said with the values filled in."""

    table: str
    row: str
    message: str


@dataclass(frozen=True, slots=True)
class JudgedOrder:
    """A planned or proposed order with its disposition."""

    id: str
    lane: str
    kind: LaneKind
    stage: str
    item: str
    location: str
    quantity: float
    need: float
    order_date: date
    due_date: date
    order_bucket: int
    due_bucket: int
    cost: float
    disposition: Disposition
    supplier: str = ""
    rounding: tuple[str, ...] = ()
    pegging: tuple[Pegging, ...] = ()
    binding: tuple[BindingResource, ...] = ()
    role: str = ""
    deadline_days: float = 0.0
    on_timeout: str = ""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one table looked at and said; subjects of which the same was read share it."""

    stage: str
    subjects: tuple[str, ...]
    table: str
    rows: tuple[str, ...]
    outcome: Mapping[str, str]
    readings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConflictShare:
    """What became of one competitor: WINS, REDUCED, LOSES or ESCALATED; amounts in the subject's unit."""

    order: str
    wanted: float
    granted: float
    award: str
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Orders that compete for what is not enough for all, and how it was settled."""

    kind: str
    rule: str
    orders: tuple[str, ...]
    subject: str
    winner: str = ""
    precedence: str = ""
    wanted: float = 0.0
    available: float = 0.0
    escalated_to: str = ""
    shares: tuple[ConflictShare, ...] = ()
    round: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that follows from a question and a release."""

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    safety_stocks: tuple[SafetyStock, ...] = ()
    orders: tuple[JudgedOrder, ...] = ()
    exceptions: tuple[Finding, ...] = ()
    gave_way: tuple[GaveWay, ...] = ()
    requirements_in_conflict: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    reports: tuple[SolveReport, ...] = ()
    evaluations: tuple[Evidence, ...] = ()

    def count(self, disposition: Disposition) -> int:
        """How many orders have this disposition."""
        return sum(order.disposition is disposition for order in self.orders)

    @property
    def value(self) -> float:
        """Sum of the orders' costs, money."""
        return sum(order.cost for order in self.orders)


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a decision was made from: digests of everything that went in and came out."""

    snapshot_digest: str
    release: str
    release_digest: str
    engine_digest: str
    outcome_digest: str
    request_digest: str
    actor: str
    engine: Mapping[str, str] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    on_behalf_of: str = ""
    trace_id: str = ""
    fallback: Fallback = Fallback.NONE


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where an entry stands in the log."""

    index: int
    leaf_hash: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The record: what was asked, what follows, from what, and where it is logged."""

    name: str
    request_id: str
    mode: DecisionMode
    scope: Scope
    outcome: Outcome
    lineage: Lineage
    log: LogPosition | None = None


@dataclass(frozen=True, slots=True)
class DecisionSummary:
    """One line of a list of decisions."""

    name: str
    request_id: str
    recorded_at: datetime
    verdict: Verdict
    release: str
    actor: str
    approved: int
    referred: int
    blocked: int
    value: float
    log_index: int
    scope: Scope
    mode: DecisionMode = DecisionMode.PLAN
