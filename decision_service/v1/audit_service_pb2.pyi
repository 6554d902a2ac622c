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

class LineageNodeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LINEAGE_NODE_KIND_UNSPECIFIED: _ClassVar[LineageNodeKind]
    LINEAGE_NODE_KIND_PRODUCT: _ClassVar[LineageNodeKind]
    LINEAGE_NODE_KIND_MATERIAL: _ClassVar[LineageNodeKind]
    LINEAGE_NODE_KIND_PLAN: _ClassVar[LineageNodeKind]
    LINEAGE_NODE_KIND_ACTIVITY: _ClassVar[LineageNodeKind]
    LINEAGE_NODE_KIND_AGENT: _ClassVar[LineageNodeKind]
LINEAGE_NODE_KIND_UNSPECIFIED: LineageNodeKind
LINEAGE_NODE_KIND_PRODUCT: LineageNodeKind
LINEAGE_NODE_KIND_MATERIAL: LineageNodeKind
LINEAGE_NODE_KIND_PLAN: LineageNodeKind
LINEAGE_NODE_KIND_ACTIVITY: LineageNodeKind
LINEAGE_NODE_KIND_AGENT: LineageNodeKind

class LogEntry(_message.Message):
    __slots__ = ("index", "kind", "subject", "recorded_at", "envelope", "leaf_hash", "key", "payload_commitment", "evidence")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    LEAF_HASH_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    index: int
    kind: str
    subject: str
    recorded_at: _timestamp_pb2.Timestamp
    envelope: bytes
    leaf_hash: str
    key: str
    payload_commitment: str
    evidence: EntryEvidence
    def __init__(self, index: _Optional[int] = ..., kind: _Optional[str] = ..., subject: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., envelope: _Optional[bytes] = ..., leaf_hash: _Optional[str] = ..., key: _Optional[str] = ..., payload_commitment: _Optional[str] = ..., evidence: _Optional[_Union[EntryEvidence, _Mapping]] = ...) -> None: ...

class EntryEvidence(_message.Message):
    __slots__ = ("salt", "payload", "path")
    SALT_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    salt: bytes
    payload: bytes
    path: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, salt: _Optional[bytes] = ..., payload: _Optional[bytes] = ..., path: _Optional[_Iterable[bytes]] = ...) -> None: ...

class GetCheckpointRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCheckpointResponse(_message.Message):
    __slots__ = ("checkpoint", "size", "root", "keys")
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    checkpoint: str
    size: int
    root: str
    keys: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, checkpoint: _Optional[str] = ..., size: _Optional[int] = ..., root: _Optional[str] = ..., keys: _Optional[_Iterable[str]] = ...) -> None: ...

class GetEntryRequest(_message.Message):
    __slots__ = ("index",)
    INDEX_FIELD_NUMBER: _ClassVar[int]
    index: int
    def __init__(self, index: _Optional[int] = ...) -> None: ...

class GetEntryResponse(_message.Message):
    __slots__ = ("entry",)
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    entry: LogEntry
    def __init__(self, entry: _Optional[_Union[LogEntry, _Mapping]] = ...) -> None: ...

class ListEntriesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "kind", "subject", "start", "evidence_size")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_SIZE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    kind: str
    subject: str
    start: int
    evidence_size: int
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., kind: _Optional[str] = ..., subject: _Optional[str] = ..., start: _Optional[int] = ..., evidence_size: _Optional[int] = ...) -> None: ...

class ListEntriesResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[LogEntry]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[LogEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ProveInclusionRequest(_message.Message):
    __slots__ = ("index", "size")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    index: int
    size: int
    def __init__(self, index: _Optional[int] = ..., size: _Optional[int] = ...) -> None: ...

class ProveInclusionResponse(_message.Message):
    __slots__ = ("leaf_hash", "size", "root", "path")
    LEAF_HASH_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    leaf_hash: str
    size: int
    root: str
    path: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, leaf_hash: _Optional[str] = ..., size: _Optional[int] = ..., root: _Optional[str] = ..., path: _Optional[_Iterable[str]] = ...) -> None: ...

class ProveConsistencyRequest(_message.Message):
    __slots__ = ("old_size", "new_size")
    OLD_SIZE_FIELD_NUMBER: _ClassVar[int]
    NEW_SIZE_FIELD_NUMBER: _ClassVar[int]
    old_size: int
    new_size: int
    def __init__(self, old_size: _Optional[int] = ..., new_size: _Optional[int] = ...) -> None: ...

class ProveConsistencyResponse(_message.Message):
    __slots__ = ("old_root", "new_root", "path")
    OLD_ROOT_FIELD_NUMBER: _ClassVar[int]
    NEW_ROOT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    old_root: str
    new_root: str
    path: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, old_root: _Optional[str] = ..., new_root: _Optional[str] = ..., path: _Optional[_Iterable[str]] = ...) -> None: ...

class VerifyLogRequest(_message.Message):
    __slots__ = ("checkpoints",)
    CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    checkpoints: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, checkpoints: _Optional[_Iterable[str]] = ...) -> None: ...

class VerifyLogResponse(_message.Message):
    __slots__ = ("entries", "root", "problems", "findings")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    entries: int
    root: str
    problems: _containers.RepeatedScalarFieldContainer[str]
    findings: _containers.RepeatedCompositeFieldContainer[LogProblem]
    def __init__(self, entries: _Optional[int] = ..., root: _Optional[str] = ..., problems: _Optional[_Iterable[str]] = ..., findings: _Optional[_Iterable[_Union[LogProblem, _Mapping]]] = ...) -> None: ...

class LogProblem(_message.Message):
    __slots__ = ("step", "index", "kind", "message")
    STEP_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    step: int
    index: int
    kind: str
    message: str
    def __init__(self, step: _Optional[int] = ..., index: _Optional[int] = ..., kind: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class ListCheckpointsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "after")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    after: int
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., after: _Optional[int] = ...) -> None: ...

class ListCheckpointsResponse(_message.Message):
    __slots__ = ("checkpoints", "next_page_token")
    CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    checkpoints: _containers.RepeatedCompositeFieldContainer[LogCheckpoint]
    next_page_token: str
    def __init__(self, checkpoints: _Optional[_Iterable[_Union[LogCheckpoint, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class LogCheckpoint(_message.Message):
    __slots__ = ("size", "note")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    size: int
    note: str
    def __init__(self, size: _Optional[int] = ..., note: _Optional[str] = ...) -> None: ...

class GetArtifactRequest(_message.Message):
    __slots__ = ("digest", "offset")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    digest: str
    offset: int
    def __init__(self, digest: _Optional[str] = ..., offset: _Optional[int] = ...) -> None: ...

class GetArtifactResponse(_message.Message):
    __slots__ = ("media_type", "content", "size")
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    media_type: str
    content: bytes
    size: int
    def __init__(self, media_type: _Optional[str] = ..., content: _Optional[bytes] = ..., size: _Optional[int] = ...) -> None: ...

class GetLineageRequest(_message.Message):
    __slots__ = ("name", "order")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    name: str
    order: str
    def __init__(self, name: _Optional[str] = ..., order: _Optional[str] = ...) -> None: ...

class GetLineageResponse(_message.Message):
    __slots__ = ("lineage", "run")
    LINEAGE_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    lineage: Origin
    run: LineageRun
    def __init__(self, lineage: _Optional[_Union[Origin, _Mapping]] = ..., run: _Optional[_Union[LineageRun, _Mapping]] = ...) -> None: ...

class Origin(_message.Message):
    __slots__ = ("root", "nodes", "edges")
    ROOT_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    root: str
    nodes: _containers.RepeatedCompositeFieldContainer[LineageNode]
    edges: _containers.RepeatedCompositeFieldContainer[LineageEdge]
    def __init__(self, root: _Optional[str] = ..., nodes: _Optional[_Iterable[_Union[LineageNode, _Mapping]]] = ..., edges: _Optional[_Iterable[_Union[LineageEdge, _Mapping]]] = ...) -> None: ...

class LineageNode(_message.Message):
    __slots__ = ("id", "kind", "label", "details")
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    id: str
    kind: LineageNodeKind
    label: str
    details: _containers.RepeatedCompositeFieldContainer[LineageFact]
    def __init__(self, id: _Optional[str] = ..., kind: _Optional[_Union[LineageNodeKind, str]] = ..., label: _Optional[str] = ..., details: _Optional[_Iterable[_Union[LineageFact, _Mapping]]] = ...) -> None: ...

class LineageFact(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class LineageEdge(_message.Message):
    __slots__ = ("product", "material", "role")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    MATERIAL_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    product: str
    material: str
    role: str
    def __init__(self, product: _Optional[str] = ..., material: _Optional[str] = ..., role: _Optional[str] = ...) -> None: ...

class LineageRun(_message.Message):
    __slots__ = ("id", "namespace", "job", "at", "engine", "version", "parent", "facts")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    id: str
    namespace: str
    job: str
    at: _timestamp_pb2.Timestamp
    engine: str
    version: str
    parent: _containers.RepeatedScalarFieldContainer[str]
    facts: _containers.RepeatedCompositeFieldContainer[LineageFact]
    def __init__(self, id: _Optional[str] = ..., namespace: _Optional[str] = ..., job: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., engine: _Optional[str] = ..., version: _Optional[str] = ..., parent: _Optional[_Iterable[str]] = ..., facts: _Optional[_Iterable[_Union[LineageFact, _Mapping]]] = ...) -> None: ...

class RetentionClass(_message.Message):
    __slots__ = ("name", "keep_days", "legal_basis")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KEEP_DAYS_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    name: str
    keep_days: int
    legal_basis: str
    def __init__(self, name: _Optional[str] = ..., keep_days: _Optional[int] = ..., legal_basis: _Optional[str] = ...) -> None: ...

class ListDueRequest(_message.Message):
    __slots__ = ("classes", "most")
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    classes: _containers.RepeatedCompositeFieldContainer[RetentionClass]
    most: int
    def __init__(self, classes: _Optional[_Iterable[_Union[RetentionClass, _Mapping]]] = ..., most: _Optional[int] = ...) -> None: ...

class ListDueResponse(_message.Message):
    __slots__ = ("due",)
    DUE_FIELD_NUMBER: _ClassVar[int]
    due: _containers.RepeatedCompositeFieldContainer[DuePayload]
    def __init__(self, due: _Optional[_Iterable[_Union[DuePayload, _Mapping]]] = ...) -> None: ...

class DuePayload(_message.Message):
    __slots__ = ("index", "retention", "legal_basis")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    index: int
    retention: str
    legal_basis: str
    def __init__(self, index: _Optional[int] = ..., retention: _Optional[str] = ..., legal_basis: _Optional[str] = ...) -> None: ...

class RequestRedactionRequest(_message.Message):
    __slots__ = ("entries", "legal_basis", "reason")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedScalarFieldContainer[int]
    legal_basis: str
    reason: str
    def __init__(self, entries: _Optional[_Iterable[int]] = ..., legal_basis: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RequestRedactionResponse(_message.Message):
    __slots__ = ("redaction",)
    REDACTION_FIELD_NUMBER: _ClassVar[int]
    redaction: Redaction
    def __init__(self, redaction: _Optional[_Union[Redaction, _Mapping]] = ...) -> None: ...

class Redaction(_message.Message):
    __slots__ = ("name", "entries", "legal_basis", "reason", "requested_by", "approved_by", "log_index")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_BY_FIELD_NUMBER: _ClassVar[int]
    APPROVED_BY_FIELD_NUMBER: _ClassVar[int]
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    name: str
    entries: _containers.RepeatedScalarFieldContainer[int]
    legal_basis: str
    reason: str
    requested_by: str
    approved_by: str
    log_index: int
    def __init__(self, name: _Optional[str] = ..., entries: _Optional[_Iterable[int]] = ..., legal_basis: _Optional[str] = ..., reason: _Optional[str] = ..., requested_by: _Optional[str] = ..., approved_by: _Optional[str] = ..., log_index: _Optional[int] = ...) -> None: ...

class ApproveRedactionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ApproveRedactionResponse(_message.Message):
    __slots__ = ("redaction",)
    REDACTION_FIELD_NUMBER: _ClassVar[int]
    redaction: Redaction
    def __init__(self, redaction: _Optional[_Union[Redaction, _Mapping]] = ...) -> None: ...

class PlaceHoldRequest(_message.Message):
    __slots__ = ("subject", "reason")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    subject: str
    reason: str
    def __init__(self, subject: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class PlaceHoldResponse(_message.Message):
    __slots__ = ("log_index",)
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    log_index: int
    def __init__(self, log_index: _Optional[int] = ...) -> None: ...

class LiftHoldRequest(_message.Message):
    __slots__ = ("subject", "reason")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    subject: str
    reason: str
    def __init__(self, subject: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class LiftHoldResponse(_message.Message):
    __slots__ = ("log_index",)
    LOG_INDEX_FIELD_NUMBER: _ClassVar[int]
    log_index: int
    def __init__(self, log_index: _Optional[int] = ...) -> None: ...
