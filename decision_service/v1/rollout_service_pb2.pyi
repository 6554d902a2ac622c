import datetime

from buf.validate import validate_pb2 as _validate_pb2
from decision_service.v1 import decision_pb2 as _decision_pb2
from decision_service.v1 import release_service_pb2 as _release_service_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CheckReleaseRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class CheckReleaseResponse(_message.Message):
    __slots__ = ("release", "warnings")
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    release: _release_service_pb2.Release
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, release: _Optional[_Union[_release_service_pb2.Release, _Mapping]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class StartShadowRequest(_message.Message):
    __slots__ = ("name", "scope", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    scope: _decision_pb2.Scope
    reason: str
    def __init__(self, name: _Optional[str] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class StartShadowResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _release_service_pb2.Release
    def __init__(self, release: _Optional[_Union[_release_service_pb2.Release, _Mapping]] = ...) -> None: ...

class StopShadowRequest(_message.Message):
    __slots__ = ("scope", "reason")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    scope: _decision_pb2.Scope
    reason: str
    def __init__(self, scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class StopShadowResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _release_service_pb2.Release
    def __init__(self, release: _Optional[_Union[_release_service_pb2.Release, _Mapping]] = ...) -> None: ...

class GetShadowReportRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetShadowReportResponse(_message.Message):
    __slots__ = ("impact", "waiting")
    IMPACT_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    impact: Impact
    waiting: int
    def __init__(self, impact: _Optional[_Union[Impact, _Mapping]] = ..., waiting: _Optional[int] = ...) -> None: ...

class StartCanaryRequest(_message.Message):
    __slots__ = ("name", "scope", "share", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    scope: _decision_pb2.Scope
    share: float
    reason: str
    def __init__(self, name: _Optional[str] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., share: _Optional[float] = ..., reason: _Optional[str] = ...) -> None: ...

class StartCanaryResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _release_service_pb2.Release
    def __init__(self, release: _Optional[_Union[_release_service_pb2.Release, _Mapping]] = ...) -> None: ...

class StopCanaryRequest(_message.Message):
    __slots__ = ("scope", "reason")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    scope: _decision_pb2.Scope
    reason: str
    def __init__(self, scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class StopCanaryResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _release_service_pb2.Release
    def __init__(self, release: _Optional[_Union[_release_service_pb2.Release, _Mapping]] = ...) -> None: ...

class AssessImpactRequest(_message.Message):
    __slots__ = ("name", "files", "last", "since", "scope")
    class FilesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    files: _containers.ScalarMap[str, str]
    last: int
    since: _timestamp_pb2.Timestamp
    scope: _decision_pb2.Scope
    def __init__(self, name: _Optional[str] = ..., files: _Optional[_Mapping[str, str]] = ..., last: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ...) -> None: ...

class AssessImpactResponse(_message.Message):
    __slots__ = ("done", "total", "known", "impact")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    IMPACT_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    known: int
    impact: Impact
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., known: _Optional[int] = ..., impact: _Optional[_Union[Impact, _Mapping]] = ...) -> None: ...

class Flip(_message.Message):
    __slots__ = ("before", "after", "orders", "value")
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    before: str
    after: str
    orders: int
    value: float
    def __init__(self, before: _Optional[str] = ..., after: _Optional[str] = ..., orders: _Optional[int] = ..., value: _Optional[float] = ...) -> None: ...

class Figure(_message.Message):
    __slots__ = ("name", "unit", "before", "after")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    before: float
    after: float
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., before: _Optional[float] = ..., after: _Optional[float] = ...) -> None: ...

class ImpactCase(_message.Message):
    __slots__ = ("decision", "request_id", "release", "verdict_before", "verdict_after", "flipped", "spend_change", "service_change", "problem")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_BEFORE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_AFTER_FIELD_NUMBER: _ClassVar[int]
    FLIPPED_FIELD_NUMBER: _ClassVar[int]
    SPEND_CHANGE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_CHANGE_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    decision: str
    request_id: str
    release: str
    verdict_before: _decision_pb2.Verdict
    verdict_after: _decision_pb2.Verdict
    flipped: int
    spend_change: float
    service_change: float
    problem: str
    def __init__(self, decision: _Optional[str] = ..., request_id: _Optional[str] = ..., release: _Optional[str] = ..., verdict_before: _Optional[_Union[_decision_pb2.Verdict, str]] = ..., verdict_after: _Optional[_Union[_decision_pb2.Verdict, str]] = ..., flipped: _Optional[int] = ..., spend_change: _Optional[float] = ..., service_change: _Optional[float] = ..., problem: _Optional[str] = ...) -> None: ...

class Impact(_message.Message):
    __slots__ = ("release", "digest", "decisions", "unchanged", "verdicts_changed", "failed", "flips", "figures", "worst")
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    FLIPS_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    WORST_FIELD_NUMBER: _ClassVar[int]
    release: str
    digest: str
    decisions: int
    unchanged: int
    verdicts_changed: int
    failed: int
    flips: _containers.RepeatedCompositeFieldContainer[Flip]
    figures: _containers.RepeatedCompositeFieldContainer[Figure]
    worst: _containers.RepeatedCompositeFieldContainer[ImpactCase]
    def __init__(self, release: _Optional[str] = ..., digest: _Optional[str] = ..., decisions: _Optional[int] = ..., unchanged: _Optional[int] = ..., verdicts_changed: _Optional[int] = ..., failed: _Optional[int] = ..., flips: _Optional[_Iterable[_Union[Flip, _Mapping]]] = ..., figures: _Optional[_Iterable[_Union[Figure, _Mapping]]] = ..., worst: _Optional[_Iterable[_Union[ImpactCase, _Mapping]]] = ...) -> None: ...
