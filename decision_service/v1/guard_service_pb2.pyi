import datetime

from buf.validate import validate_pb2 as _validate_pb2
from decision_service.v1 import decision_pb2 as _decision_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WATCH_KIND_UNSPECIFIED: _ClassVar[WatchKind]
    WATCH_KIND_CANARY: _ClassVar[WatchKind]
    WATCH_KIND_ACTIVE: _ClassVar[WatchKind]

class WatchStanding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WATCH_STANDING_UNSPECIFIED: _ClassVar[WatchStanding]
    WATCH_STANDING_WATCHING: _ClassVar[WatchStanding]
    WATCH_STANDING_TRIP: _ClassVar[WatchStanding]
    WATCH_STANDING_PAUSED: _ClassVar[WatchStanding]

class TripState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRIP_STATE_UNSPECIFIED: _ClassVar[TripState]
    TRIP_STATE_TRIPPED: _ClassVar[TripState]
    TRIP_STATE_ROLLED_BACK: _ClassVar[TripState]
    TRIP_STATE_OPEN: _ClassVar[TripState]
WATCH_KIND_UNSPECIFIED: WatchKind
WATCH_KIND_CANARY: WatchKind
WATCH_KIND_ACTIVE: WatchKind
WATCH_STANDING_UNSPECIFIED: WatchStanding
WATCH_STANDING_WATCHING: WatchStanding
WATCH_STANDING_TRIP: WatchStanding
WATCH_STANDING_PAUSED: WatchStanding
TRIP_STATE_UNSPECIFIED: TripState
TRIP_STATE_TRIPPED: TripState
TRIP_STATE_ROLLED_BACK: TripState
TRIP_STATE_OPEN: TripState

class WatchFinding(_message.Message):
    __slots__ = ("indicator", "standing", "said", "p", "threshold", "periods", "count", "mean", "other_count", "other_mean")
    INDICATOR_FIELD_NUMBER: _ClassVar[int]
    STANDING_FIELD_NUMBER: _ClassVar[int]
    SAID_FIELD_NUMBER: _ClassVar[int]
    P_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    OTHER_COUNT_FIELD_NUMBER: _ClassVar[int]
    OTHER_MEAN_FIELD_NUMBER: _ClassVar[int]
    indicator: str
    standing: WatchStanding
    said: str
    p: float
    threshold: float
    periods: int
    count: int
    mean: float
    other_count: int
    other_mean: float
    def __init__(self, indicator: _Optional[str] = ..., standing: _Optional[_Union[WatchStanding, str]] = ..., said: _Optional[str] = ..., p: _Optional[float] = ..., threshold: _Optional[float] = ..., periods: _Optional[int] = ..., count: _Optional[int] = ..., mean: _Optional[float] = ..., other_count: _Optional[int] = ..., other_mean: _Optional[float] = ...) -> None: ...

class Watch(_message.Message):
    __slots__ = ("name", "kind", "release", "other", "scope", "since", "standing", "said", "findings")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    STANDING_FIELD_NUMBER: _ClassVar[int]
    SAID_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: WatchKind
    release: str
    other: str
    scope: _decision_pb2.Scope
    since: _timestamp_pb2.Timestamp
    standing: WatchStanding
    said: str
    findings: _containers.RepeatedCompositeFieldContainer[WatchFinding]
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[WatchKind, str]] = ..., release: _Optional[str] = ..., other: _Optional[str] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., standing: _Optional[_Union[WatchStanding, str]] = ..., said: _Optional[str] = ..., findings: _Optional[_Iterable[_Union[WatchFinding, _Mapping]]] = ...) -> None: ...

class Trip(_message.Message):
    __slots__ = ("name", "state", "kind", "release", "other", "scope", "since", "indicator", "cause", "said", "evidence_digest", "tripped_at", "to", "rollback", "problem", "place")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    INDICATOR_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    SAID_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    TRIPPED_AT_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: TripState
    kind: WatchKind
    release: str
    other: str
    scope: _decision_pb2.Scope
    since: _timestamp_pb2.Timestamp
    indicator: str
    cause: str
    said: str
    evidence_digest: str
    tripped_at: _timestamp_pb2.Timestamp
    to: str
    rollback: str
    problem: str
    place: int
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[TripState, str]] = ..., kind: _Optional[_Union[WatchKind, str]] = ..., release: _Optional[str] = ..., other: _Optional[str] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., indicator: _Optional[str] = ..., cause: _Optional[str] = ..., said: _Optional[str] = ..., evidence_digest: _Optional[str] = ..., tripped_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., to: _Optional[str] = ..., rollback: _Optional[str] = ..., problem: _Optional[str] = ..., place: _Optional[int] = ...) -> None: ...

class GuardSwitch(_message.Message):
    __slots__ = ("scope", "by")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    scope: str
    by: str
    def __init__(self, scope: _Optional[str] = ..., by: _Optional[str] = ...) -> None: ...

class Freeze(_message.Message):
    __slots__ = ("scope", "by")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    scope: str
    by: str
    def __init__(self, scope: _Optional[str] = ..., by: _Optional[str] = ...) -> None: ...

class ListWatchesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListWatchesResponse(_message.Message):
    __slots__ = ("watches", "trips", "switched_off", "frozen")
    WATCHES_FIELD_NUMBER: _ClassVar[int]
    TRIPS_FIELD_NUMBER: _ClassVar[int]
    SWITCHED_OFF_FIELD_NUMBER: _ClassVar[int]
    FROZEN_FIELD_NUMBER: _ClassVar[int]
    watches: _containers.RepeatedCompositeFieldContainer[Watch]
    trips: _containers.RepeatedCompositeFieldContainer[Trip]
    switched_off: _containers.RepeatedCompositeFieldContainer[GuardSwitch]
    frozen: _containers.RepeatedCompositeFieldContainer[Freeze]
    def __init__(self, watches: _Optional[_Iterable[_Union[Watch, _Mapping]]] = ..., trips: _Optional[_Iterable[_Union[Trip, _Mapping]]] = ..., switched_off: _Optional[_Iterable[_Union[GuardSwitch, _Mapping]]] = ..., frozen: _Optional[_Iterable[_Union[Freeze, _Mapping]]] = ...) -> None: ...

class SwitchGuardRequest(_message.Message):
    __slots__ = ("scope", "on", "reason")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    ON_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    scope: _decision_pb2.Scope
    on: bool
    reason: str
    def __init__(self, scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., on: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...

class SwitchGuardResponse(_message.Message):
    __slots__ = ("switched_off",)
    SWITCHED_OFF_FIELD_NUMBER: _ClassVar[int]
    switched_off: _containers.RepeatedCompositeFieldContainer[GuardSwitch]
    def __init__(self, switched_off: _Optional[_Iterable[_Union[GuardSwitch, _Mapping]]] = ...) -> None: ...

class ThawScopeRequest(_message.Message):
    __slots__ = ("scope", "reason")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    scope: _decision_pb2.Scope
    reason: str
    def __init__(self, scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class ThawScopeResponse(_message.Message):
    __slots__ = ("by",)
    BY_FIELD_NUMBER: _ClassVar[int]
    by: str
    def __init__(self, by: _Optional[str] = ...) -> None: ...
