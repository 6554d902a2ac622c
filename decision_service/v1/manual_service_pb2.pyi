import datetime

from buf.validate import validate_pb2 as _validate_pb2
from decision_service.v1 import decision_pb2 as _decision_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ManualMode(_message.Message):
    __slots__ = ("scope", "rung", "release", "since", "by", "reason", "asked_by", "asked_for")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    RUNG_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ASKED_BY_FIELD_NUMBER: _ClassVar[int]
    ASKED_FOR_FIELD_NUMBER: _ClassVar[int]
    scope: _decision_pb2.Scope
    rung: _decision_pb2.Fallback
    release: str
    since: _timestamp_pb2.Timestamp
    by: str
    reason: str
    asked_by: str
    asked_for: _decision_pb2.Fallback
    def __init__(self, scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., rung: _Optional[_Union[_decision_pb2.Fallback, str]] = ..., release: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., by: _Optional[str] = ..., reason: _Optional[str] = ..., asked_by: _Optional[str] = ..., asked_for: _Optional[_Union[_decision_pb2.Fallback, str]] = ...) -> None: ...

class FallBackRequest(_message.Message):
    __slots__ = ("scope", "rung", "reason")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    RUNG_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    scope: _decision_pb2.Scope
    rung: _decision_pb2.Fallback
    reason: str
    def __init__(self, scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., rung: _Optional[_Union[_decision_pb2.Fallback, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class FallBackResponse(_message.Message):
    __slots__ = ("mode",)
    MODE_FIELD_NUMBER: _ClassVar[int]
    mode: ManualMode
    def __init__(self, mode: _Optional[_Union[ManualMode, _Mapping]] = ...) -> None: ...

class AskToLeaveRequest(_message.Message):
    __slots__ = ("scope", "to", "reason")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    scope: _decision_pb2.Scope
    to: _decision_pb2.Fallback
    reason: str
    def __init__(self, scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., to: _Optional[_Union[_decision_pb2.Fallback, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class AskToLeaveResponse(_message.Message):
    __slots__ = ("mode",)
    MODE_FIELD_NUMBER: _ClassVar[int]
    mode: ManualMode
    def __init__(self, mode: _Optional[_Union[ManualMode, _Mapping]] = ...) -> None: ...

class ConfirmLeaveRequest(_message.Message):
    __slots__ = ("scope", "reason")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    scope: _decision_pb2.Scope
    reason: str
    def __init__(self, scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class ConfirmLeaveResponse(_message.Message):
    __slots__ = ("mode",)
    MODE_FIELD_NUMBER: _ClassVar[int]
    mode: ManualMode
    def __init__(self, mode: _Optional[_Union[ManualMode, _Mapping]] = ...) -> None: ...

class ListManualModesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListManualModesResponse(_message.Message):
    __slots__ = ("modes",)
    MODES_FIELD_NUMBER: _ClassVar[int]
    modes: _containers.RepeatedCompositeFieldContainer[ManualMode]
    def __init__(self, modes: _Optional[_Iterable[_Union[ManualMode, _Mapping]]] = ...) -> None: ...
