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

class ReleaseState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELEASE_STATE_UNSPECIFIED: _ClassVar[ReleaseState]
    RELEASE_STATE_CHECKED: _ClassVar[ReleaseState]
    RELEASE_STATE_PROPOSED: _ClassVar[ReleaseState]
    RELEASE_STATE_APPROVED: _ClassVar[ReleaseState]
    RELEASE_STATE_ACTIVE: _ClassVar[ReleaseState]
    RELEASE_STATE_SUPERSEDED: _ClassVar[ReleaseState]
    RELEASE_STATE_REVOKED: _ClassVar[ReleaseState]
    RELEASE_STATE_DRAFT: _ClassVar[ReleaseState]
    RELEASE_STATE_SHADOW: _ClassVar[ReleaseState]
    RELEASE_STATE_CANARY: _ClassVar[ReleaseState]
RELEASE_STATE_UNSPECIFIED: ReleaseState
RELEASE_STATE_CHECKED: ReleaseState
RELEASE_STATE_PROPOSED: ReleaseState
RELEASE_STATE_APPROVED: ReleaseState
RELEASE_STATE_ACTIVE: ReleaseState
RELEASE_STATE_SUPERSEDED: ReleaseState
RELEASE_STATE_REVOKED: ReleaseState
RELEASE_STATE_DRAFT: ReleaseState
RELEASE_STATE_SHADOW: ReleaseState
RELEASE_STATE_CANARY: ReleaseState

class Canary(_message.Message):
    __slots__ = ("release", "scope", "share")
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    release: str
    scope: _decision_pb2.Scope
    share: float
    def __init__(self, release: _Optional[str] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., share: _Optional[float] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("name", "policy", "version", "digest", "owner", "effective", "state", "publisher", "proposer", "approvers", "scopes", "published_at", "files", "upcoming", "shadows", "canaries", "signature", "quorum")
    class FilesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PUBLISHER_FIELD_NUMBER: _ClassVar[int]
    PROPOSER_FIELD_NUMBER: _ClassVar[int]
    APPROVERS_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    UPCOMING_FIELD_NUMBER: _ClassVar[int]
    SHADOWS_FIELD_NUMBER: _ClassVar[int]
    CANARIES_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    QUORUM_FIELD_NUMBER: _ClassVar[int]
    name: str
    policy: str
    version: str
    digest: str
    owner: str
    effective: str
    state: ReleaseState
    publisher: str
    proposer: str
    approvers: _containers.RepeatedScalarFieldContainer[str]
    scopes: _containers.RepeatedCompositeFieldContainer[_decision_pb2.Scope]
    published_at: _timestamp_pb2.Timestamp
    files: _containers.ScalarMap[str, str]
    upcoming: _containers.RepeatedCompositeFieldContainer[_decision_pb2.Scope]
    shadows: _containers.RepeatedCompositeFieldContainer[_decision_pb2.Scope]
    canaries: _containers.RepeatedCompositeFieldContainer[Canary]
    signature: str
    quorum: int
    def __init__(self, name: _Optional[str] = ..., policy: _Optional[str] = ..., version: _Optional[str] = ..., digest: _Optional[str] = ..., owner: _Optional[str] = ..., effective: _Optional[str] = ..., state: _Optional[_Union[ReleaseState, str]] = ..., publisher: _Optional[str] = ..., proposer: _Optional[str] = ..., approvers: _Optional[_Iterable[str]] = ..., scopes: _Optional[_Iterable[_Union[_decision_pb2.Scope, _Mapping]]] = ..., published_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., files: _Optional[_Mapping[str, str]] = ..., upcoming: _Optional[_Iterable[_Union[_decision_pb2.Scope, _Mapping]]] = ..., shadows: _Optional[_Iterable[_Union[_decision_pb2.Scope, _Mapping]]] = ..., canaries: _Optional[_Iterable[_Union[Canary, _Mapping]]] = ..., signature: _Optional[str] = ..., quorum: _Optional[int] = ...) -> None: ...

class PublishReleaseRequest(_message.Message):
    __slots__ = ("files", "validate_only", "draft")
    class FilesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    FILES_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    DRAFT_FIELD_NUMBER: _ClassVar[int]
    files: _containers.ScalarMap[str, str]
    validate_only: bool
    draft: bool
    def __init__(self, files: _Optional[_Mapping[str, str]] = ..., validate_only: _Optional[bool] = ..., draft: _Optional[bool] = ...) -> None: ...

class PublishReleaseResponse(_message.Message):
    __slots__ = ("release", "warnings")
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    release: Release
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, release: _Optional[_Union[Release, _Mapping]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class ProposeReleaseRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ProposeReleaseResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: Release
    def __init__(self, release: _Optional[_Union[Release, _Mapping]] = ...) -> None: ...

class ApproveReleaseRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ApproveReleaseResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: Release
    def __init__(self, release: _Optional[_Union[Release, _Mapping]] = ...) -> None: ...

class ActivateReleaseRequest(_message.Message):
    __slots__ = ("name", "scope", "expected", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    scope: _decision_pb2.Scope
    expected: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., expected: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ActivateReleaseResponse(_message.Message):
    __slots__ = ("release", "previous")
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    release: Release
    previous: str
    def __init__(self, release: _Optional[_Union[Release, _Mapping]] = ..., previous: _Optional[str] = ...) -> None: ...

class RollbackReleaseRequest(_message.Message):
    __slots__ = ("scope", "target", "reason")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    scope: _decision_pb2.Scope
    target: str
    reason: str
    def __init__(self, scope: _Optional[_Union[_decision_pb2.Scope, _Mapping]] = ..., target: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RollbackReleaseResponse(_message.Message):
    __slots__ = ("release", "previous")
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    release: Release
    previous: str
    def __init__(self, release: _Optional[_Union[Release, _Mapping]] = ..., previous: _Optional[str] = ...) -> None: ...

class RevokeReleaseRequest(_message.Message):
    __slots__ = ("name", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RevokeReleaseResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: Release
    def __init__(self, release: _Optional[_Union[Release, _Mapping]] = ...) -> None: ...

class GetReleaseRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetReleaseResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: Release
    def __init__(self, release: _Optional[_Union[Release, _Mapping]] = ...) -> None: ...

class ListReleasesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListReleasesResponse(_message.Message):
    __slots__ = ("releases", "next_page_token")
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    releases: _containers.RepeatedCompositeFieldContainer[Release]
    next_page_token: str
    def __init__(self, releases: _Optional[_Iterable[_Union[Release, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
