import datetime

from buf.validate import validate_pb2 as _validate_pb2
from decision_service.v1 import approval_service_pb2 as _approval_service_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InstructionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INSTRUCTION_KIND_UNSPECIFIED: _ClassVar[InstructionKind]
    INSTRUCTION_KIND_RELEASE: _ClassVar[InstructionKind]
    INSTRUCTION_KIND_CHANGE: _ClassVar[InstructionKind]
    INSTRUCTION_KIND_CANCEL: _ClassVar[InstructionKind]

class InstructionAnswer(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INSTRUCTION_ANSWER_UNSPECIFIED: _ClassVar[InstructionAnswer]
    INSTRUCTION_ANSWER_ACCEPTED: _ClassVar[InstructionAnswer]
    INSTRUCTION_ANSWER_REFUSED: _ClassVar[InstructionAnswer]
    INSTRUCTION_ANSWER_SHIPPED: _ClassVar[InstructionAnswer]
    INSTRUCTION_ANSWER_RECEIVED: _ClassVar[InstructionAnswer]
INSTRUCTION_KIND_UNSPECIFIED: InstructionKind
INSTRUCTION_KIND_RELEASE: InstructionKind
INSTRUCTION_KIND_CHANGE: InstructionKind
INSTRUCTION_KIND_CANCEL: InstructionKind
INSTRUCTION_ANSWER_UNSPECIFIED: InstructionAnswer
INSTRUCTION_ANSWER_ACCEPTED: InstructionAnswer
INSTRUCTION_ANSWER_REFUSED: InstructionAnswer
INSTRUCTION_ANSWER_SHIPPED: InstructionAnswer
INSTRUCTION_ANSWER_RECEIVED: InstructionAnswer

class Instruction(_message.Message):
    __slots__ = ("key", "kind", "decision", "order", "scope", "stage", "item", "location", "terms", "attempt", "retry_at")
    KEY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    RETRY_AT_FIELD_NUMBER: _ClassVar[int]
    key: str
    kind: InstructionKind
    decision: str
    order: str
    scope: str
    stage: str
    item: str
    location: str
    terms: _approval_service_pb2.OrderTerms
    attempt: int
    retry_at: _timestamp_pb2.Timestamp
    def __init__(self, key: _Optional[str] = ..., kind: _Optional[_Union[InstructionKind, str]] = ..., decision: _Optional[str] = ..., order: _Optional[str] = ..., scope: _Optional[str] = ..., stage: _Optional[str] = ..., item: _Optional[str] = ..., location: _Optional[str] = ..., terms: _Optional[_Union[_approval_service_pb2.OrderTerms, _Mapping]] = ..., attempt: _Optional[int] = ..., retry_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PullInstructionsRequest(_message.Message):
    __slots__ = ("size", "ahead_days")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    AHEAD_DAYS_FIELD_NUMBER: _ClassVar[int]
    size: int
    ahead_days: int
    def __init__(self, size: _Optional[int] = ..., ahead_days: _Optional[int] = ...) -> None: ...

class PullInstructionsResponse(_message.Message):
    __slots__ = ("instructions",)
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    instructions: _containers.RepeatedCompositeFieldContainer[Instruction]
    def __init__(self, instructions: _Optional[_Iterable[_Union[Instruction, _Mapping]]] = ...) -> None: ...

class WatchInstructionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchInstructionsResponse(_message.Message):
    __slots__ = ("instruction",)
    INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    instruction: Instruction
    def __init__(self, instruction: _Optional[_Union[Instruction, _Mapping]] = ...) -> None: ...

class AcknowledgeInstructionRequest(_message.Message):
    __slots__ = ("key", "answer", "reference")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    key: str
    answer: InstructionAnswer
    reference: str
    def __init__(self, key: _Optional[str] = ..., answer: _Optional[_Union[InstructionAnswer, str]] = ..., reference: _Optional[str] = ...) -> None: ...

class AcknowledgeInstructionResponse(_message.Message):
    __slots__ = ("order", "is_repeat")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    IS_REPEAT_FIELD_NUMBER: _ClassVar[int]
    order: _approval_service_pb2.BookedOrder
    is_repeat: bool
    def __init__(self, order: _Optional[_Union[_approval_service_pb2.BookedOrder, _Mapping]] = ..., is_repeat: _Optional[bool] = ...) -> None: ...

class ReviveInstructionRequest(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _approval_service_pb2.OrderRef
    def __init__(self, order: _Optional[_Union[_approval_service_pb2.OrderRef, _Mapping]] = ...) -> None: ...

class ReviveInstructionResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _approval_service_pb2.BookedOrder
    def __init__(self, order: _Optional[_Union[_approval_service_pb2.BookedOrder, _Mapping]] = ...) -> None: ...
