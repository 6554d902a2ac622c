import datetime

from buf.validate import validate_pb2 as _validate_pb2
from decision_service.v1 import decision_pb2 as _decision_pb2
from decision_service.v1 import planning_pb2 as _planning_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReplayOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPLAY_OUTCOME_UNSPECIFIED: _ClassVar[ReplayOutcome]
    REPLAY_OUTCOME_IDENTICAL: _ClassVar[ReplayOutcome]
    REPLAY_OUTCOME_EQUIVALENT: _ClassVar[ReplayOutcome]
    REPLAY_OUTCOME_DIVERGED: _ClassVar[ReplayOutcome]
REPLAY_OUTCOME_UNSPECIFIED: ReplayOutcome
REPLAY_OUTCOME_IDENTICAL: ReplayOutcome
REPLAY_OUTCOME_EQUIVALENT: ReplayOutcome
REPLAY_OUTCOME_DIVERGED: ReplayOutcome

class OrderProposal(_message.Message):
    __slots__ = ("id", "lane", "quantity", "order_date")
    ID_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ORDER_DATE_FIELD_NUMBER: _ClassVar[int]
    id: str
    lane: str
    quantity: float
    order_date: str
    def __init__(self, id: _Optional[str] = ..., lane: _Optional[str] = ..., quantity: _Optional[float] = ..., order_date: _Optional[str] = ...) -> None: ...

class DecideRequest(_message.Message):
    __slots__ = ("request_id", "snapshot", "mode", "proposals", "scope", "release", "on_behalf_of", "validate_only", "best_by_deadline", "snapshot_digest")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    PROPOSALS_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    BEST_BY_DEADLINE_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    snapshot: _planning_pb2.Snapshot
    mode: _decision_pb2.DecisionMode
    proposals: _containers.RepeatedCompositeFieldContainer[OrderProposal]
    scope: _decision_pb2.Scope
    release: str
    on_behalf_of: str
    validate_only: bool
    best_by_deadline: bool
    snapshot_digest: str
    def __init__(self, request_id: _Optional[str] = ..., snapshot: _Optional[_Union[_planning_pb2.Snapshot, _Mapping]] = ..., mode: _Optional[_Union[_decision_pb2.DecisionMode, str]] = ..., proposals: _Optional[_Iterable[_Union[OrderProposal, _Mapping]]] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., release: _Optional[str] = ..., on_behalf_of: _Optional[str] = ..., validate_only: _Optional[bool] = ..., best_by_deadline: _Optional[bool] = ..., snapshot_digest: _Optional[str] = ...) -> None: ...

class DecideResponse(_message.Message):
    __slots__ = ("decision", "is_repeat")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    IS_REPEAT_FIELD_NUMBER: _ClassVar[int]
    decision: _decision_pb2.Decision
    is_repeat: bool
    def __init__(self, decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ..., is_repeat: _Optional[bool] = ...) -> None: ...

class GetDecisionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetDecisionResponse(_message.Message):
    __slots__ = ("decision",)
    DECISION_FIELD_NUMBER: _ClassVar[int]
    decision: _decision_pb2.Decision
    def __init__(self, decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ...) -> None: ...

class ListDecisionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "verdict", "disposition", "release", "scope", "rule", "actor", "min_value", "since", "until", "as_known_at", "max_value", "mode", "request_id", "item", "location")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    DISPOSITION_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    MIN_VALUE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    AS_KNOWN_AT_FIELD_NUMBER: _ClassVar[int]
    MAX_VALUE_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    verdict: _decision_pb2.Verdict
    disposition: _decision_pb2.Disposition
    release: str
    scope: _decision_pb2.Scope
    rule: str
    actor: str
    min_value: float
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    as_known_at: _timestamp_pb2.Timestamp
    max_value: float
    mode: _decision_pb2.DecisionMode
    request_id: str
    item: str
    location: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., verdict: _Optional[_Union[_decision_pb2.Verdict, str]] = ..., disposition: _Optional[_Union[_decision_pb2.Disposition, str]] = ..., release: _Optional[str] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., rule: _Optional[str] = ..., actor: _Optional[str] = ..., min_value: _Optional[float] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., as_known_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., max_value: _Optional[float] = ..., mode: _Optional[_Union[_decision_pb2.DecisionMode, str]] = ..., request_id: _Optional[str] = ..., item: _Optional[str] = ..., location: _Optional[str] = ...) -> None: ...

class DecisionSummary(_message.Message):
    __slots__ = ("name", "request_id", "recorded_at", "verdict", "release", "actor", "approved", "referred", "blocked", "value", "log_index", "scope", "mode")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    REFERRED_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    recorded_at: _timestamp_pb2.Timestamp
    verdict: _decision_pb2.Verdict
    release: str
    actor: str
    approved: int
    referred: int
    blocked: int
    value: float
    log_index: int
    scope: _decision_pb2.Scope
    mode: _decision_pb2.DecisionMode
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., verdict: _Optional[_Union[_decision_pb2.Verdict, str]] = ..., release: _Optional[str] = ..., actor: _Optional[str] = ..., approved: _Optional[int] = ..., referred: _Optional[int] = ..., blocked: _Optional[int] = ..., value: _Optional[float] = ..., log_index: _Optional[int] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., mode: _Optional[_Union[_decision_pb2.DecisionMode, str]] = ...) -> None: ...

class ListDecisionsResponse(_message.Message):
    __slots__ = ("decisions", "next_page_token", "log_size")
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LOG_SIZE_FIELD_NUMBER: _ClassVar[int]
    decisions: _containers.RepeatedCompositeFieldContainer[DecisionSummary]
    next_page_token: str
    log_size: int
    def __init__(self, decisions: _Optional[_Iterable[_Union[DecisionSummary, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., log_size: _Optional[int] = ...) -> None: ...

class ReplayDecisionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ReplayDecisionResponse(_message.Message):
    __slots__ = ("outcome", "differences", "engine_differences")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    ENGINE_DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    outcome: ReplayOutcome
    differences: _containers.RepeatedScalarFieldContainer[str]
    engine_differences: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, outcome: _Optional[_Union[ReplayOutcome, str]] = ..., differences: _Optional[_Iterable[str]] = ..., engine_differences: _Optional[_Iterable[str]] = ...) -> None: ...

class ExplainOrderRequest(_message.Message):
    __slots__ = ("name", "order")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    name: str
    order: str
    def __init__(self, name: _Optional[str] = ..., order: _Optional[str] = ...) -> None: ...

class ExplainOrderResponse(_message.Message):
    __slots__ = ("order", "answers")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    order: _decision_pb2.PlannedOrder
    answers: _containers.RepeatedCompositeFieldContainer[Answer]
    def __init__(self, order: _Optional[_Union[_decision_pb2.PlannedOrder, _Mapping]] = ..., answers: _Optional[_Iterable[_Union[Answer, _Mapping]]] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("question", "answer")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    question: str
    answer: str
    def __init__(self, question: _Optional[str] = ..., answer: _Optional[str] = ...) -> None: ...
