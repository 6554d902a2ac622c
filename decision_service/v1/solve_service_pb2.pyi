import datetime

from buf.validate import validate_pb2 as _validate_pb2
from decision_service.v1 import decision_pb2 as _decision_pb2
from decision_service.v1 import decision_service_pb2 as _decision_service_pb2
from google.longrunning import operations_pb2 as _operations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchDecideRequest(_message.Message):
    __slots__ = ("decide",)
    DECIDE_FIELD_NUMBER: _ClassVar[int]
    decide: _decision_service_pb2.DecideRequest
    def __init__(self, decide: _Optional[_Union[_decision_service_pb2.DecideRequest, _Mapping]] = ...) -> None: ...

class SolveProgress(_message.Message):
    __slots__ = ("solve", "incumbent", "bound", "gap", "nodes", "seconds")
    SOLVE_FIELD_NUMBER: _ClassVar[int]
    INCUMBENT_FIELD_NUMBER: _ClassVar[int]
    BOUND_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    solve: str
    incumbent: float
    bound: float
    gap: float
    nodes: int
    seconds: float
    def __init__(self, solve: _Optional[str] = ..., incumbent: _Optional[float] = ..., bound: _Optional[float] = ..., gap: _Optional[float] = ..., nodes: _Optional[int] = ..., seconds: _Optional[float] = ...) -> None: ...

class WatchDecideResponse(_message.Message):
    __slots__ = ("progress", "decided")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    DECIDED_FIELD_NUMBER: _ClassVar[int]
    progress: SolveProgress
    decided: _decision_service_pb2.DecideResponse
    def __init__(self, progress: _Optional[_Union[SolveProgress, _Mapping]] = ..., decided: _Optional[_Union[_decision_service_pb2.DecideResponse, _Mapping]] = ...) -> None: ...

class StartDecideRequest(_message.Message):
    __slots__ = ("decide",)
    DECIDE_FIELD_NUMBER: _ClassVar[int]
    decide: _decision_service_pb2.DecideRequest
    def __init__(self, decide: _Optional[_Union[_decision_service_pb2.DecideRequest, _Mapping]] = ...) -> None: ...

class DecideOperation(_message.Message):
    __slots__ = ("request_id", "actor", "scope", "started_at", "progress")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    actor: str
    scope: _decision_pb2.Scope
    started_at: _timestamp_pb2.Timestamp
    progress: SolveProgress
    def __init__(self, request_id: _Optional[str] = ..., actor: _Optional[str] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., progress: _Optional[_Union[SolveProgress, _Mapping]] = ...) -> None: ...

class UploadSnapshotRequest(_message.Message):
    __slots__ = ("piece",)
    PIECE_FIELD_NUMBER: _ClassVar[int]
    piece: bytes
    def __init__(self, piece: _Optional[bytes] = ...) -> None: ...

class UploadSnapshotResponse(_message.Message):
    __slots__ = ("snapshot_digest", "size")
    SNAPSHOT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    snapshot_digest: str
    size: int
    def __init__(self, snapshot_digest: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...
