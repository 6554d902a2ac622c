import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OrderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_STATE_UNSPECIFIED: _ClassVar[OrderState]
    ORDER_STATE_REFERRED: _ClassVar[OrderState]
    ORDER_STATE_OVERRIDDEN: _ClassVar[OrderState]
    ORDER_STATE_APPROVED: _ClassVar[OrderState]
    ORDER_STATE_BLOCKED: _ClassVar[OrderState]
    ORDER_STATE_REJECTED: _ClassVar[OrderState]
    ORDER_STATE_VOID: _ClassVar[OrderState]
    ORDER_STATE_RELEASED: _ClassVar[OrderState]
    ORDER_STATE_ACKNOWLEDGED: _ClassVar[OrderState]
    ORDER_STATE_CHANGE_REQUESTED: _ClassVar[OrderState]
    ORDER_STATE_CANCEL_REQUESTED: _ClassVar[OrderState]
    ORDER_STATE_CANCELLED: _ClassVar[OrderState]
    ORDER_STATE_REFUSED: _ClassVar[OrderState]
    ORDER_STATE_SHIPPED: _ClassVar[OrderState]
    ORDER_STATE_RECEIVED: _ClassVar[OrderState]

class JudgeAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JUDGE_ACTION_UNSPECIFIED: _ClassVar[JudgeAction]
    JUDGE_ACTION_APPROVE: _ClassVar[JudgeAction]
    JUDGE_ACTION_REJECT: _ClassVar[JudgeAction]
ORDER_STATE_UNSPECIFIED: OrderState
ORDER_STATE_REFERRED: OrderState
ORDER_STATE_OVERRIDDEN: OrderState
ORDER_STATE_APPROVED: OrderState
ORDER_STATE_BLOCKED: OrderState
ORDER_STATE_REJECTED: OrderState
ORDER_STATE_VOID: OrderState
ORDER_STATE_RELEASED: OrderState
ORDER_STATE_ACKNOWLEDGED: OrderState
ORDER_STATE_CHANGE_REQUESTED: OrderState
ORDER_STATE_CANCEL_REQUESTED: OrderState
ORDER_STATE_CANCELLED: OrderState
ORDER_STATE_REFUSED: OrderState
ORDER_STATE_SHIPPED: OrderState
ORDER_STATE_RECEIVED: OrderState
JUDGE_ACTION_UNSPECIFIED: JudgeAction
JUDGE_ACTION_APPROVE: JudgeAction
JUDGE_ACTION_REJECT: JudgeAction

class OrderRef(_message.Message):
    __slots__ = ("decision", "order")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    decision: str
    order: str
    def __init__(self, decision: _Optional[str] = ..., order: _Optional[str] = ...) -> None: ...

class OrderTerms(_message.Message):
    __slots__ = ("quantity", "order_date", "due_date", "lane", "supplier", "cost")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ORDER_DATE_FIELD_NUMBER: _ClassVar[int]
    DUE_DATE_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    SUPPLIER_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    quantity: float
    order_date: str
    due_date: str
    lane: str
    supplier: str
    cost: float
    def __init__(self, quantity: _Optional[float] = ..., order_date: _Optional[str] = ..., due_date: _Optional[str] = ..., lane: _Optional[str] = ..., supplier: _Optional[str] = ..., cost: _Optional[float] = ...) -> None: ...

class OrderTier(_message.Message):
    __slots__ = ("role", "wait_days", "on_timeout")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    WAIT_DAYS_FIELD_NUMBER: _ClassVar[int]
    ON_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    role: str
    wait_days: float
    on_timeout: str
    def __init__(self, role: _Optional[str] = ..., wait_days: _Optional[float] = ..., on_timeout: _Optional[str] = ...) -> None: ...

class OrderSignature(_message.Message):
    __slots__ = ("role", "actor", "giver", "is_timeout")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    GIVER_FIELD_NUMBER: _ClassVar[int]
    IS_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    role: str
    actor: str
    giver: str
    is_timeout: bool
    def __init__(self, role: _Optional[str] = ..., actor: _Optional[str] = ..., giver: _Optional[str] = ..., is_timeout: _Optional[bool] = ...) -> None: ...

class BookedOrder(_message.Message):
    __slots__ = ("decision", "order", "scope", "stage", "item", "location", "state", "recommended", "terms", "opened", "asked", "deadline", "on_timeout", "reasons", "tiers", "signatures", "moved_by", "overridden_by", "reason_code", "override_expires", "rolled_back", "is_dead", "attempts", "note", "release", "rung")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDED_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    ON_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    MOVED_BY_FIELD_NUMBER: _ClassVar[int]
    OVERRIDDEN_BY_FIELD_NUMBER: _ClassVar[int]
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_EXPIRES_FIELD_NUMBER: _ClassVar[int]
    ROLLED_BACK_FIELD_NUMBER: _ClassVar[int]
    IS_DEAD_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    RUNG_FIELD_NUMBER: _ClassVar[int]
    decision: str
    order: str
    scope: str
    stage: str
    item: str
    location: str
    state: OrderState
    recommended: OrderTerms
    terms: OrderTerms
    opened: _timestamp_pb2.Timestamp
    asked: str
    deadline: _timestamp_pb2.Timestamp
    on_timeout: str
    reasons: _containers.RepeatedScalarFieldContainer[str]
    tiers: _containers.RepeatedCompositeFieldContainer[OrderTier]
    signatures: _containers.RepeatedCompositeFieldContainer[OrderSignature]
    moved_by: str
    overridden_by: str
    reason_code: str
    override_expires: str
    rolled_back: str
    is_dead: bool
    attempts: int
    note: str
    release: str
    rung: int
    def __init__(self, decision: _Optional[str] = ..., order: _Optional[str] = ..., scope: _Optional[str] = ..., stage: _Optional[str] = ..., item: _Optional[str] = ..., location: _Optional[str] = ..., state: _Optional[_Union[OrderState, str]] = ..., recommended: _Optional[_Union[OrderTerms, _Mapping]] = ..., terms: _Optional[_Union[OrderTerms, _Mapping]] = ..., opened: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., asked: _Optional[str] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., on_timeout: _Optional[str] = ..., reasons: _Optional[_Iterable[str]] = ..., tiers: _Optional[_Iterable[_Union[OrderTier, _Mapping]]] = ..., signatures: _Optional[_Iterable[_Union[OrderSignature, _Mapping]]] = ..., moved_by: _Optional[str] = ..., overridden_by: _Optional[str] = ..., reason_code: _Optional[str] = ..., override_expires: _Optional[str] = ..., rolled_back: _Optional[str] = ..., is_dead: _Optional[bool] = ..., attempts: _Optional[int] = ..., note: _Optional[str] = ..., release: _Optional[str] = ..., rung: _Optional[int] = ...) -> None: ...

class ListOrdersRequest(_message.Message):
    __slots__ = ("states", "roles", "mine", "decision", "min_value", "item", "is_dead", "with_moved", "page_size", "page_token")
    STATES_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    MINE_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    MIN_VALUE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    IS_DEAD_FIELD_NUMBER: _ClassVar[int]
    WITH_MOVED_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedScalarFieldContainer[OrderState]
    roles: _containers.RepeatedScalarFieldContainer[str]
    mine: bool
    decision: str
    min_value: float
    item: str
    is_dead: bool
    with_moved: bool
    page_size: int
    page_token: str
    def __init__(self, states: _Optional[_Iterable[_Union[OrderState, str]]] = ..., roles: _Optional[_Iterable[str]] = ..., mine: _Optional[bool] = ..., decision: _Optional[str] = ..., min_value: _Optional[float] = ..., item: _Optional[str] = ..., is_dead: _Optional[bool] = ..., with_moved: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListOrdersResponse(_message.Message):
    __slots__ = ("orders", "next_page_token")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[BookedOrder]
    next_page_token: str
    def __init__(self, orders: _Optional[_Iterable[_Union[BookedOrder, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class JudgeOrdersRequest(_message.Message):
    __slots__ = ("action", "orders", "note", "digest", "validate_only")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    action: JudgeAction
    orders: _containers.RepeatedCompositeFieldContainer[OrderRef]
    note: str
    digest: str
    validate_only: bool
    def __init__(self, action: _Optional[_Union[JudgeAction, str]] = ..., orders: _Optional[_Iterable[_Union[OrderRef, _Mapping]]] = ..., note: _Optional[str] = ..., digest: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class OrderJudgement(_message.Message):
    __slots__ = ("order", "refusal", "reason")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    order: BookedOrder
    refusal: str
    reason: str
    def __init__(self, order: _Optional[_Union[BookedOrder, _Mapping]] = ..., refusal: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class JudgeOrdersResponse(_message.Message):
    __slots__ = ("judgements", "digest", "value")
    JUDGEMENTS_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    judgements: _containers.RepeatedCompositeFieldContainer[OrderJudgement]
    digest: str
    value: float
    def __init__(self, judgements: _Optional[_Iterable[_Union[OrderJudgement, _Mapping]]] = ..., digest: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class OverrideOrderRequest(_message.Message):
    __slots__ = ("order", "quantity", "due_date", "lane", "reason_code", "playbook_step", "expires", "note", "validate_only")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    DUE_DATE_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    PLAYBOOK_STEP_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    order: OrderRef
    quantity: float
    due_date: str
    lane: str
    reason_code: str
    playbook_step: int
    expires: str
    note: str
    validate_only: bool
    def __init__(self, order: _Optional[_Union[OrderRef, _Mapping]] = ..., quantity: _Optional[float] = ..., due_date: _Optional[str] = ..., lane: _Optional[str] = ..., reason_code: _Optional[str] = ..., playbook_step: _Optional[int] = ..., expires: _Optional[str] = ..., note: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class OverrideOrderResponse(_message.Message):
    __slots__ = ("order", "terms", "tiers")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    order: BookedOrder
    terms: OrderTerms
    tiers: _containers.RepeatedCompositeFieldContainer[OrderTier]
    def __init__(self, order: _Optional[_Union[BookedOrder, _Mapping]] = ..., terms: _Optional[_Union[OrderTerms, _Mapping]] = ..., tiers: _Optional[_Iterable[_Union[OrderTier, _Mapping]]] = ...) -> None: ...

class RoleDelegation(_message.Message):
    __slots__ = ("role", "giver", "taker", "start", "end", "reason")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    GIVER_FIELD_NUMBER: _ClassVar[int]
    TAKER_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    role: str
    giver: str
    taker: str
    start: str
    end: str
    reason: str
    def __init__(self, role: _Optional[str] = ..., giver: _Optional[str] = ..., taker: _Optional[str] = ..., start: _Optional[str] = ..., end: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class DelegateRoleRequest(_message.Message):
    __slots__ = ("role", "taker", "start", "end", "reason")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    TAKER_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    role: str
    taker: str
    start: str
    end: str
    reason: str
    def __init__(self, role: _Optional[str] = ..., taker: _Optional[str] = ..., start: _Optional[str] = ..., end: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class DelegateRoleResponse(_message.Message):
    __slots__ = ("delegation",)
    DELEGATION_FIELD_NUMBER: _ClassVar[int]
    delegation: RoleDelegation
    def __init__(self, delegation: _Optional[_Union[RoleDelegation, _Mapping]] = ...) -> None: ...

class ListDelegationsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListDelegationsResponse(_message.Message):
    __slots__ = ("delegations",)
    DELEGATIONS_FIELD_NUMBER: _ClassVar[int]
    delegations: _containers.RepeatedCompositeFieldContainer[RoleDelegation]
    def __init__(self, delegations: _Optional[_Iterable[_Union[RoleDelegation, _Mapping]]] = ...) -> None: ...
