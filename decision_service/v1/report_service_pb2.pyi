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

class SegmentKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEGMENT_KIND_UNSPECIFIED: _ClassVar[SegmentKind]
    SEGMENT_KIND_ABC: _ClassVar[SegmentKind]
    SEGMENT_KIND_SCOPE: _ClassVar[SegmentKind]
    SEGMENT_KIND_LOCATION: _ClassVar[SegmentKind]
    SEGMENT_KIND_LANE_KIND: _ClassVar[SegmentKind]
SEGMENT_KIND_UNSPECIFIED: SegmentKind
SEGMENT_KIND_ABC: SegmentKind
SEGMENT_KIND_SCOPE: SegmentKind
SEGMENT_KIND_LOCATION: SegmentKind
SEGMENT_KIND_LANE_KIND: SegmentKind

class GetAdoptionRequest(_message.Message):
    __slots__ = ("release", "scope", "since", "until", "by")
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    release: str
    scope: str
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    by: SegmentKind
    def __init__(self, release: _Optional[str] = ..., scope: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., by: _Optional[_Union[SegmentKind, str]] = ...) -> None: ...

class AdoptionFigures(_message.Message):
    __slots__ = ("people", "answered", "accepted", "overridden", "rejected", "acceptance", "override_rate", "hours_median", "hours_p90", "valued", "value_per_day")
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    OVERRIDDEN_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    ACCEPTANCE_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_RATE_FIELD_NUMBER: _ClassVar[int]
    HOURS_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    HOURS_P90_FIELD_NUMBER: _ClassVar[int]
    VALUED_FIELD_NUMBER: _ClassVar[int]
    VALUE_PER_DAY_FIELD_NUMBER: _ClassVar[int]
    people: int
    answered: int
    accepted: int
    overridden: int
    rejected: int
    acceptance: float
    override_rate: float
    hours_median: float
    hours_p90: float
    valued: int
    value_per_day: float
    def __init__(self, people: _Optional[int] = ..., answered: _Optional[int] = ..., accepted: _Optional[int] = ..., overridden: _Optional[int] = ..., rejected: _Optional[int] = ..., acceptance: _Optional[float] = ..., override_rate: _Optional[float] = ..., hours_median: _Optional[float] = ..., hours_p90: _Optional[float] = ..., valued: _Optional[int] = ..., value_per_day: _Optional[float] = ...) -> None: ...

class AdoptionGroup(_message.Message):
    __slots__ = ("name", "orders", "automatic", "lapsed", "unanswered", "figures", "is_suppressed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    AUTOMATIC_FIELD_NUMBER: _ClassVar[int]
    LAPSED_FIELD_NUMBER: _ClassVar[int]
    UNANSWERED_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    IS_SUPPRESSED_FIELD_NUMBER: _ClassVar[int]
    name: str
    orders: int
    automatic: int
    lapsed: int
    unanswered: int
    figures: AdoptionFigures
    is_suppressed: bool
    def __init__(self, name: _Optional[str] = ..., orders: _Optional[int] = ..., automatic: _Optional[int] = ..., lapsed: _Optional[int] = ..., unanswered: _Optional[int] = ..., figures: _Optional[_Union[AdoptionFigures, _Mapping]] = ..., is_suppressed: _Optional[bool] = ...) -> None: ...

class GetAdoptionResponse(_message.Message):
    __slots__ = ("total", "segments", "reasons")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    total: AdoptionGroup
    segments: _containers.RepeatedCompositeFieldContainer[AdoptionGroup]
    reasons: _containers.RepeatedCompositeFieldContainer[AdoptionGroup]
    def __init__(self, total: _Optional[_Union[AdoptionGroup, _Mapping]] = ..., segments: _Optional[_Iterable[_Union[AdoptionGroup, _Mapping]]] = ..., reasons: _Optional[_Iterable[_Union[AdoptionGroup, _Mapping]]] = ...) -> None: ...
