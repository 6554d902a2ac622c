import datetime

from buf.validate import validate_pb2 as _validate_pb2
from decision_service.v1 import planning_pb2 as _planning_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DecisionMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DECISION_MODE_UNSPECIFIED: _ClassVar[DecisionMode]
    DECISION_MODE_PLAN: _ClassVar[DecisionMode]
    DECISION_MODE_JUDGE: _ClassVar[DecisionMode]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_APPROVED: _ClassVar[Verdict]
    VERDICT_REFERRED: _ClassVar[Verdict]
    VERDICT_REJECTED: _ClassVar[Verdict]

class Disposition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISPOSITION_UNSPECIFIED: _ClassVar[Disposition]
    DISPOSITION_APPROVED: _ClassVar[Disposition]
    DISPOSITION_REFERRED: _ClassVar[Disposition]
    DISPOSITION_BLOCKED: _ClassVar[Disposition]

class Termination(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TERMINATION_UNSPECIFIED: _ClassVar[Termination]
    TERMINATION_OPTIMAL: _ClassVar[Termination]
    TERMINATION_FEASIBLE: _ClassVar[Termination]
    TERMINATION_HEURISTIC: _ClassVar[Termination]
    TERMINATION_INFEASIBLE: _ClassVar[Termination]
    TERMINATION_NO_SOLUTION: _ClassVar[Termination]

class Fallback(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FALLBACK_UNSPECIFIED: _ClassVar[Fallback]
    FALLBACK_NONE: _ClassVar[Fallback]
    FALLBACK_LAST_GOOD: _ClassVar[Fallback]
    FALLBACK_REORDER_POINTS: _ClassVar[Fallback]
    FALLBACK_HOLD: _ClassVar[Fallback]
DECISION_MODE_UNSPECIFIED: DecisionMode
DECISION_MODE_PLAN: DecisionMode
DECISION_MODE_JUDGE: DecisionMode
VERDICT_UNSPECIFIED: Verdict
VERDICT_APPROVED: Verdict
VERDICT_REFERRED: Verdict
VERDICT_REJECTED: Verdict
DISPOSITION_UNSPECIFIED: Disposition
DISPOSITION_APPROVED: Disposition
DISPOSITION_REFERRED: Disposition
DISPOSITION_BLOCKED: Disposition
TERMINATION_UNSPECIFIED: Termination
TERMINATION_OPTIMAL: Termination
TERMINATION_FEASIBLE: Termination
TERMINATION_HEURISTIC: Termination
TERMINATION_INFEASIBLE: Termination
TERMINATION_NO_SOLUTION: Termination
FALLBACK_UNSPECIFIED: Fallback
FALLBACK_NONE: Fallback
FALLBACK_LAST_GOOD: Fallback
FALLBACK_REORDER_POINTS: Fallback
FALLBACK_HOLD: Fallback

class Reason(_message.Message):
    __slots__ = ("table", "row", "message")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    table: str
    row: str
    message: str
    def __init__(self, table: _Optional[str] = ..., row: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class SafetyStock(_message.Message):
    __slots__ = ("stage", "service_time_in", "service_time_out", "net_replenishment_time", "safety_stock", "base_stock", "cost")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIME_IN_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIME_OUT_FIELD_NUMBER: _ClassVar[int]
    NET_REPLENISHMENT_TIME_FIELD_NUMBER: _ClassVar[int]
    SAFETY_STOCK_FIELD_NUMBER: _ClassVar[int]
    BASE_STOCK_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    stage: str
    service_time_in: float
    service_time_out: float
    net_replenishment_time: float
    safety_stock: float
    base_stock: float
    cost: float
    def __init__(self, stage: _Optional[str] = ..., service_time_in: _Optional[float] = ..., service_time_out: _Optional[float] = ..., net_replenishment_time: _Optional[float] = ..., safety_stock: _Optional[float] = ..., base_stock: _Optional[float] = ..., cost: _Optional[float] = ...) -> None: ...

class Pegging(_message.Message):
    __slots__ = ("kind", "stage", "bucket", "quantity", "order")
    KIND_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    kind: str
    stage: str
    bucket: int
    quantity: float
    order: str
    def __init__(self, kind: _Optional[str] = ..., stage: _Optional[str] = ..., bucket: _Optional[int] = ..., quantity: _Optional[float] = ..., order: _Optional[str] = ...) -> None: ...

class BindingResource(_message.Message):
    __slots__ = ("resource", "bucket", "price")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    resource: str
    bucket: int
    price: float
    def __init__(self, resource: _Optional[str] = ..., bucket: _Optional[int] = ..., price: _Optional[float] = ...) -> None: ...

class PlannedOrder(_message.Message):
    __slots__ = ("id", "lane", "kind", "stage", "item", "location", "supplier", "quantity", "need", "order_date", "due_date", "order_bucket", "due_bucket", "cost", "rounding", "pegging", "binding", "disposition", "role", "deadline_days", "on_timeout", "reasons")
    ID_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    SUPPLIER_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    NEED_FIELD_NUMBER: _ClassVar[int]
    ORDER_DATE_FIELD_NUMBER: _ClassVar[int]
    DUE_DATE_FIELD_NUMBER: _ClassVar[int]
    ORDER_BUCKET_FIELD_NUMBER: _ClassVar[int]
    DUE_BUCKET_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    ROUNDING_FIELD_NUMBER: _ClassVar[int]
    PEGGING_FIELD_NUMBER: _ClassVar[int]
    BINDING_FIELD_NUMBER: _ClassVar[int]
    DISPOSITION_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_DAYS_FIELD_NUMBER: _ClassVar[int]
    ON_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    id: str
    lane: str
    kind: _planning_pb2.LaneKind
    stage: str
    item: str
    location: str
    supplier: str
    quantity: float
    need: float
    order_date: str
    due_date: str
    order_bucket: int
    due_bucket: int
    cost: float
    rounding: _containers.RepeatedScalarFieldContainer[str]
    pegging: _containers.RepeatedCompositeFieldContainer[Pegging]
    binding: _containers.RepeatedCompositeFieldContainer[BindingResource]
    disposition: Disposition
    role: str
    deadline_days: float
    on_timeout: str
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    def __init__(self, id: _Optional[str] = ..., lane: _Optional[str] = ..., kind: _Optional[_Union[_planning_pb2.LaneKind, str]] = ..., stage: _Optional[str] = ..., item: _Optional[str] = ..., location: _Optional[str] = ..., supplier: _Optional[str] = ..., quantity: _Optional[float] = ..., need: _Optional[float] = ..., order_date: _Optional[str] = ..., due_date: _Optional[str] = ..., order_bucket: _Optional[int] = ..., due_bucket: _Optional[int] = ..., cost: _Optional[float] = ..., rounding: _Optional[_Iterable[str]] = ..., pegging: _Optional[_Iterable[_Union[Pegging, _Mapping]]] = ..., binding: _Optional[_Iterable[_Union[BindingResource, _Mapping]]] = ..., disposition: _Optional[_Union[Disposition, str]] = ..., role: _Optional[str] = ..., deadline_days: _Optional[float] = ..., on_timeout: _Optional[str] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ...) -> None: ...

class GaveWay(_message.Message):
    __slots__ = ("rule", "subject", "bucket", "amount", "tier", "message")
    RULE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    rule: str
    subject: str
    bucket: int
    amount: float
    tier: int
    message: str
    def __init__(self, rule: _Optional[str] = ..., subject: _Optional[str] = ..., bucket: _Optional[int] = ..., amount: _Optional[float] = ..., tier: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class SolveReport(_message.Message):
    __slots__ = ("name", "termination", "objective", "bound", "gap", "nodes", "iterations", "slices", "columns", "rows", "solver")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TERMINATION_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    BOUND_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    SLICES_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    SOLVER_FIELD_NUMBER: _ClassVar[int]
    name: str
    termination: Termination
    objective: float
    bound: float
    gap: float
    nodes: int
    iterations: int
    slices: int
    columns: int
    rows: int
    solver: str
    def __init__(self, name: _Optional[str] = ..., termination: _Optional[_Union[Termination, str]] = ..., objective: _Optional[float] = ..., bound: _Optional[float] = ..., gap: _Optional[float] = ..., nodes: _Optional[int] = ..., iterations: _Optional[int] = ..., slices: _Optional[int] = ..., columns: _Optional[int] = ..., rows: _Optional[int] = ..., solver: _Optional[str] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("stage", "subjects", "table", "rows", "outcome", "readings")
    class OutcomeEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class ReadingsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    READINGS_FIELD_NUMBER: _ClassVar[int]
    stage: str
    subjects: _containers.RepeatedScalarFieldContainer[str]
    table: str
    rows: _containers.RepeatedScalarFieldContainer[str]
    outcome: _containers.ScalarMap[str, str]
    readings: _containers.ScalarMap[str, str]
    def __init__(self, stage: _Optional[str] = ..., subjects: _Optional[_Iterable[str]] = ..., table: _Optional[str] = ..., rows: _Optional[_Iterable[str]] = ..., outcome: _Optional[_Mapping[str, str]] = ..., readings: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ConflictShare(_message.Message):
    __slots__ = ("order", "wanted", "granted", "award", "decided_by")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    WANTED_FIELD_NUMBER: _ClassVar[int]
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    AWARD_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    order: str
    wanted: float
    granted: float
    award: str
    decided_by: str
    def __init__(self, order: _Optional[str] = ..., wanted: _Optional[float] = ..., granted: _Optional[float] = ..., award: _Optional[str] = ..., decided_by: _Optional[str] = ...) -> None: ...

class Conflict(_message.Message):
    __slots__ = ("kind", "rule", "orders", "subject", "winner", "precedence", "wanted", "available", "escalated_to", "shares", "round")
    KIND_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    WINNER_FIELD_NUMBER: _ClassVar[int]
    PRECEDENCE_FIELD_NUMBER: _ClassVar[int]
    WANTED_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    ESCALATED_TO_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    kind: str
    rule: str
    orders: _containers.RepeatedScalarFieldContainer[str]
    subject: str
    winner: str
    precedence: str
    wanted: float
    available: float
    escalated_to: str
    shares: _containers.RepeatedCompositeFieldContainer[ConflictShare]
    round: int
    def __init__(self, kind: _Optional[str] = ..., rule: _Optional[str] = ..., orders: _Optional[_Iterable[str]] = ..., subject: _Optional[str] = ..., winner: _Optional[str] = ..., precedence: _Optional[str] = ..., wanted: _Optional[float] = ..., available: _Optional[float] = ..., escalated_to: _Optional[str] = ..., shares: _Optional[_Iterable[_Union[ConflictShare, _Mapping]]] = ..., round: _Optional[int] = ...) -> None: ...

class Lineage(_message.Message):
    __slots__ = ("snapshot_digest", "release", "release_digest", "engine_digest", "engine", "outcome_digest", "parents", "sources", "actor", "on_behalf_of", "trace_id", "request_digest", "fallback")
    class EngineEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SNAPSHOT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ENGINE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_DIGEST_FIELD_NUMBER: _ClassVar[int]
    PARENTS_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_FIELD_NUMBER: _ClassVar[int]
    snapshot_digest: str
    release: str
    release_digest: str
    engine_digest: str
    engine: _containers.ScalarMap[str, str]
    outcome_digest: str
    parents: _containers.RepeatedScalarFieldContainer[str]
    sources: _containers.RepeatedCompositeFieldContainer[_planning_pb2.SourceFile]
    actor: str
    on_behalf_of: str
    trace_id: str
    request_digest: str
    fallback: Fallback
    def __init__(self, snapshot_digest: _Optional[str] = ..., release: _Optional[str] = ..., release_digest: _Optional[str] = ..., engine_digest: _Optional[str] = ..., engine: _Optional[_Mapping[str, str]] = ..., outcome_digest: _Optional[str] = ..., parents: _Optional[_Iterable[str]] = ..., sources: _Optional[_Iterable[_Union[_planning_pb2.SourceFile, _Mapping]]] = ..., actor: _Optional[str] = ..., on_behalf_of: _Optional[str] = ..., trace_id: _Optional[str] = ..., request_digest: _Optional[str] = ..., fallback: _Optional[_Union[Fallback, str]] = ...) -> None: ...

class LogPosition(_message.Message):
    __slots__ = ("index", "leaf_hash", "recorded_at")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    LEAF_HASH_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    index: int
    leaf_hash: str
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, index: _Optional[int] = ..., leaf_hash: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ("name", "request_id", "mode", "scope", "verdict", "reasons", "safety_stocks", "orders", "exceptions", "gave_way", "requirements_in_conflict", "conflicts", "reports", "evaluations", "lineage", "log")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    SAFETY_STOCKS_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    EXCEPTIONS_FIELD_NUMBER: _ClassVar[int]
    GAVE_WAY_FIELD_NUMBER: _ClassVar[int]
    REQUIREMENTS_IN_CONFLICT_FIELD_NUMBER: _ClassVar[int]
    CONFLICTS_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    EVALUATIONS_FIELD_NUMBER: _ClassVar[int]
    LINEAGE_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    mode: DecisionMode
    scope: Scope
    verdict: Verdict
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    safety_stocks: _containers.RepeatedCompositeFieldContainer[SafetyStock]
    orders: _containers.RepeatedCompositeFieldContainer[PlannedOrder]
    exceptions: _containers.RepeatedCompositeFieldContainer[_planning_pb2.Exception]
    gave_way: _containers.RepeatedCompositeFieldContainer[GaveWay]
    requirements_in_conflict: _containers.RepeatedScalarFieldContainer[str]
    conflicts: _containers.RepeatedCompositeFieldContainer[Conflict]
    reports: _containers.RepeatedCompositeFieldContainer[SolveReport]
    evaluations: _containers.RepeatedCompositeFieldContainer[Evaluation]
    lineage: Lineage
    log: LogPosition
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ..., mode: _Optional[_Union[DecisionMode, str]] = ..., scope: _Optional[_Union[Scope, _Mapping]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., safety_stocks: _Optional[_Iterable[_Union[SafetyStock, _Mapping]]] = ..., orders: _Optional[_Iterable[_Union[PlannedOrder, _Mapping]]] = ..., exceptions: _Optional[_Iterable[_Union[_planning_pb2.Exception, _Mapping]]] = ..., gave_way: _Optional[_Iterable[_Union[GaveWay, _Mapping]]] = ..., requirements_in_conflict: _Optional[_Iterable[str]] = ..., conflicts: _Optional[_Iterable[_Union[Conflict, _Mapping]]] = ..., reports: _Optional[_Iterable[_Union[SolveReport, _Mapping]]] = ..., evaluations: _Optional[_Iterable[_Union[Evaluation, _Mapping]]] = ..., lineage: _Optional[_Union[Lineage, _Mapping]] = ..., log: _Optional[_Union[LogPosition, _Mapping]] = ...) -> None: ...

class Scope(_message.Message):
    __slots__ = ("business_unit", "region", "location")
    BUSINESS_UNIT_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    business_unit: str
    region: str
    location: str
    def __init__(self, business_unit: _Optional[str] = ..., region: _Optional[str] = ..., location: _Optional[str] = ...) -> None: ...
