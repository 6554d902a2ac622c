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

class RolloutState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLLOUT_STATE_UNSPECIFIED: _ClassVar[RolloutState]
    ROLLOUT_STATE_OPEN: _ClassVar[RolloutState]
    ROLLOUT_STATE_PAUSED: _ClassVar[RolloutState]

class Bound(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BOUND_UNSPECIFIED: _ClassVar[Bound]
    BOUND_AT_LEAST: _ClassVar[Bound]
    BOUND_AT_MOST: _ClassVar[Bound]
ROLLOUT_STATE_UNSPECIFIED: RolloutState
ROLLOUT_STATE_OPEN: RolloutState
ROLLOUT_STATE_PAUSED: RolloutState
BOUND_UNSPECIFIED: Bound
BOUND_AT_LEAST: Bound
BOUND_AT_MOST: Bound

class GateCondition(_message.Message):
    __slots__ = ("measure", "bound", "limit", "holds", "value", "note")
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    BOUND_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    measure: str
    bound: Bound
    limit: float
    holds: bool
    value: float
    note: str
    def __init__(self, measure: _Optional[str] = ..., bound: _Optional[_Union[Bound, str]] = ..., limit: _Optional[float] = ..., holds: _Optional[bool] = ..., value: _Optional[float] = ..., note: _Optional[str] = ...) -> None: ...

class Wave(_message.Message):
    __slots__ = ("name", "business_units", "is_open", "opened_by", "opened_at", "gate")
    NAME_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_UNITS_FIELD_NUMBER: _ClassVar[int]
    IS_OPEN_FIELD_NUMBER: _ClassVar[int]
    OPENED_BY_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    name: str
    business_units: _containers.RepeatedScalarFieldContainer[str]
    is_open: bool
    opened_by: str
    opened_at: _timestamp_pb2.Timestamp
    gate: _containers.RepeatedCompositeFieldContainer[GateCondition]
    def __init__(self, name: _Optional[str] = ..., business_units: _Optional[_Iterable[str]] = ..., is_open: _Optional[bool] = ..., opened_by: _Optional[str] = ..., opened_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., gate: _Optional[_Iterable[_Union[GateCondition, _Mapping]]] = ...) -> None: ...

class Waves(_message.Message):
    __slots__ = ("release", "state", "waves")
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    WAVES_FIELD_NUMBER: _ClassVar[int]
    release: str
    state: RolloutState
    waves: _containers.RepeatedCompositeFieldContainer[Wave]
    def __init__(self, release: _Optional[str] = ..., state: _Optional[_Union[RolloutState, str]] = ..., waves: _Optional[_Iterable[_Union[Wave, _Mapping]]] = ...) -> None: ...

class GetWavesRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetWavesResponse(_message.Message):
    __slots__ = ("waves",)
    WAVES_FIELD_NUMBER: _ClassVar[int]
    waves: Waves
    def __init__(self, waves: _Optional[_Union[Waves, _Mapping]] = ...) -> None: ...

class OpenWaveRequest(_message.Message):
    __slots__ = ("name", "wave", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WAVE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    wave: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., wave: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class OpenWaveResponse(_message.Message):
    __slots__ = ("waves",)
    WAVES_FIELD_NUMBER: _ClassVar[int]
    waves: Waves
    def __init__(self, waves: _Optional[_Union[Waves, _Mapping]] = ...) -> None: ...

class PauseWavesRequest(_message.Message):
    __slots__ = ("name", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class PauseWavesResponse(_message.Message):
    __slots__ = ("waves",)
    WAVES_FIELD_NUMBER: _ClassVar[int]
    waves: Waves
    def __init__(self, waves: _Optional[_Union[Waves, _Mapping]] = ...) -> None: ...

class ResumeWavesRequest(_message.Message):
    __slots__ = ("name", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ResumeWavesResponse(_message.Message):
    __slots__ = ("waves",)
    WAVES_FIELD_NUMBER: _ClassVar[int]
    waves: Waves
    def __init__(self, waves: _Optional[_Union[Waves, _Mapping]] = ...) -> None: ...

class TakeBackWaveRequest(_message.Message):
    __slots__ = ("name", "wave", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WAVE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    wave: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., wave: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class TakeBackWaveResponse(_message.Message):
    __slots__ = ("waves",)
    WAVES_FIELD_NUMBER: _ClassVar[int]
    waves: Waves
    def __init__(self, waves: _Optional[_Union[Waves, _Mapping]] = ...) -> None: ...
