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

class RollbackState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLLBACK_STATE_UNSPECIFIED: _ClassVar[RollbackState]
    ROLLBACK_STATE_PLANNED: _ClassVar[RollbackState]
    ROLLBACK_STATE_APPROVED: _ClassVar[RollbackState]
    ROLLBACK_STATE_RUNNING: _ClassVar[RollbackState]
    ROLLBACK_STATE_ACTED: _ClassVar[RollbackState]
    ROLLBACK_STATE_FINISHED: _ClassVar[RollbackState]
    ROLLBACK_STATE_STOPPED: _ClassVar[RollbackState]

class RollbackAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLLBACK_ACTION_UNSPECIFIED: _ClassVar[RollbackAction]
    ROLLBACK_ACTION_VOID: _ClassVar[RollbackAction]
    ROLLBACK_ACTION_CANCEL_REQUEST: _ClassVar[RollbackAction]
    ROLLBACK_ACTION_COMPENSATE: _ClassVar[RollbackAction]
    ROLLBACK_ACTION_ANNOTATE: _ClassVar[RollbackAction]

class Redecide(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REDECIDE_UNSPECIFIED: _ClassVar[Redecide]
    REDECIDE_CURRENT: _ClassVar[Redecide]
    REDECIDE_ORIGINAL: _ClassVar[Redecide]
ROLLBACK_STATE_UNSPECIFIED: RollbackState
ROLLBACK_STATE_PLANNED: RollbackState
ROLLBACK_STATE_APPROVED: RollbackState
ROLLBACK_STATE_RUNNING: RollbackState
ROLLBACK_STATE_ACTED: RollbackState
ROLLBACK_STATE_FINISHED: RollbackState
ROLLBACK_STATE_STOPPED: RollbackState
ROLLBACK_ACTION_UNSPECIFIED: RollbackAction
ROLLBACK_ACTION_VOID: RollbackAction
ROLLBACK_ACTION_CANCEL_REQUEST: RollbackAction
ROLLBACK_ACTION_COMPENSATE: RollbackAction
ROLLBACK_ACTION_ANNOTATE: RollbackAction
REDECIDE_UNSPECIFIED: Redecide
REDECIDE_CURRENT: Redecide
REDECIDE_ORIGINAL: Redecide

class RollbackAffected(_message.Message):
    __slots__ = ("release", "scope", "item", "since", "until", "first", "last", "decisions", "rollback", "supplier", "scopes")
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    SUPPLIER_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    release: str
    scope: str
    item: str
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    first: int
    last: int
    decisions: _containers.RepeatedScalarFieldContainer[str]
    rollback: str
    supplier: str
    scopes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, release: _Optional[str] = ..., scope: _Optional[str] = ..., item: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., first: _Optional[int] = ..., last: _Optional[int] = ..., decisions: _Optional[_Iterable[str]] = ..., rollback: _Optional[str] = ..., supplier: _Optional[str] = ..., scopes: _Optional[_Iterable[str]] = ...) -> None: ...

class RollbackRates(_message.Message):
    __slots__ = ("cancel", "compensate")
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    COMPENSATE_FIELD_NUMBER: _ClassVar[int]
    cancel: float
    compensate: float
    def __init__(self, cancel: _Optional[float] = ..., compensate: _Optional[float] = ...) -> None: ...

class RollbackTotal(_message.Message):
    __slots__ = ("kind", "orders", "value", "cost")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    kind: RollbackAction
    orders: int
    value: float
    cost: float
    def __init__(self, kind: _Optional[_Union[RollbackAction, str]] = ..., orders: _Optional[int] = ..., value: _Optional[float] = ..., cost: _Optional[float] = ...) -> None: ...

class RollbackOrder(_message.Message):
    __slots__ = ("decision", "order", "kind", "mark", "scope", "value", "cost")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    decision: str
    order: str
    kind: RollbackAction
    mark: str
    scope: str
    value: float
    cost: float
    def __init__(self, decision: _Optional[str] = ..., order: _Optional[str] = ..., kind: _Optional[_Union[RollbackAction, str]] = ..., mark: _Optional[str] = ..., scope: _Optional[str] = ..., value: _Optional[float] = ..., cost: _Optional[float] = ...) -> None: ...

class Rollback(_message.Message):
    __slots__ = ("name", "state", "digest", "affected", "rates", "reason", "totals", "scopes", "planned_by", "planned_at", "log_size", "approved_by", "executed_by", "acted", "redecided", "differences")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    PLANNED_BY_FIELD_NUMBER: _ClassVar[int]
    PLANNED_AT_FIELD_NUMBER: _ClassVar[int]
    LOG_SIZE_FIELD_NUMBER: _ClassVar[int]
    APPROVED_BY_FIELD_NUMBER: _ClassVar[int]
    EXECUTED_BY_FIELD_NUMBER: _ClassVar[int]
    ACTED_FIELD_NUMBER: _ClassVar[int]
    REDECIDED_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: RollbackState
    digest: str
    affected: RollbackAffected
    rates: RollbackRates
    reason: str
    totals: _containers.RepeatedCompositeFieldContainer[RollbackTotal]
    scopes: _containers.RepeatedScalarFieldContainer[str]
    planned_by: str
    planned_at: _timestamp_pb2.Timestamp
    log_size: int
    approved_by: str
    executed_by: str
    acted: int
    redecided: _containers.RepeatedScalarFieldContainer[str]
    differences: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[RollbackState, str]] = ..., digest: _Optional[str] = ..., affected: _Optional[_Union[RollbackAffected, _Mapping]] = ..., rates: _Optional[_Union[RollbackRates, _Mapping]] = ..., reason: _Optional[str] = ..., totals: _Optional[_Iterable[_Union[RollbackTotal, _Mapping]]] = ..., scopes: _Optional[_Iterable[str]] = ..., planned_by: _Optional[str] = ..., planned_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., log_size: _Optional[int] = ..., approved_by: _Optional[str] = ..., executed_by: _Optional[str] = ..., acted: _Optional[int] = ..., redecided: _Optional[_Iterable[str]] = ..., differences: _Optional[_Iterable[str]] = ...) -> None: ...

class PlanRollbackRequest(_message.Message):
    __slots__ = ("affected", "rates", "reason")
    AFFECTED_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    affected: RollbackAffected
    rates: RollbackRates
    reason: str
    def __init__(self, affected: _Optional[_Union[RollbackAffected, _Mapping]] = ..., rates: _Optional[_Union[RollbackRates, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class PlanRollbackResponse(_message.Message):
    __slots__ = ("rollback",)
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    rollback: Rollback
    def __init__(self, rollback: _Optional[_Union[Rollback, _Mapping]] = ...) -> None: ...

class ApproveRollbackRequest(_message.Message):
    __slots__ = ("name", "digest")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    name: str
    digest: str
    def __init__(self, name: _Optional[str] = ..., digest: _Optional[str] = ...) -> None: ...

class ApproveRollbackResponse(_message.Message):
    __slots__ = ("rollback",)
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    rollback: Rollback
    def __init__(self, rollback: _Optional[_Union[Rollback, _Mapping]] = ...) -> None: ...

class ExecuteRollbackRequest(_message.Message):
    __slots__ = ("name", "digest", "redecide", "snapshot")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    REDECIDE_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    name: str
    digest: str
    redecide: Redecide
    snapshot: _planning_pb2.Snapshot
    def __init__(self, name: _Optional[str] = ..., digest: _Optional[str] = ..., redecide: _Optional[_Union[Redecide, str]] = ..., snapshot: _Optional[_Union[_planning_pb2.Snapshot, _Mapping]] = ...) -> None: ...

class ExecuteRollbackResponse(_message.Message):
    __slots__ = ("rollback",)
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    rollback: Rollback
    def __init__(self, rollback: _Optional[_Union[Rollback, _Mapping]] = ...) -> None: ...

class GetRollbackRequest(_message.Message):
    __slots__ = ("name", "page_size", "page_token")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    page_size: int
    page_token: str
    def __init__(self, name: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class GetRollbackResponse(_message.Message):
    __slots__ = ("rollback", "orders", "next_page_token")
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rollback: Rollback
    orders: _containers.RepeatedCompositeFieldContainer[RollbackOrder]
    next_page_token: str
    def __init__(self, rollback: _Optional[_Union[Rollback, _Mapping]] = ..., orders: _Optional[_Iterable[_Union[RollbackOrder, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListRollbacksRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListRollbacksResponse(_message.Message):
    __slots__ = ("rollbacks",)
    ROLLBACKS_FIELD_NUMBER: _ClassVar[int]
    rollbacks: _containers.RepeatedCompositeFieldContainer[Rollback]
    def __init__(self, rollbacks: _Optional[_Iterable[_Union[Rollback, _Mapping]]] = ...) -> None: ...
