"""Messages of any type, made from its descriptor: extreme values, real names, unknown enum numbers."""

import math

from google.protobuf.descriptor import FieldDescriptor as F
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

INT32, INT64 = 2**31, 2**63
WORDS = [
    "",
    "*",
    "x",
    "0",
    "-1",
    "NaN",
    "../../etc/passwd",
    "a" * 129,
    "\x00",
    "\u00e9" * 64,
    "\U0001d54f",
    "\u202e",
    "'; --",
    "{}",
]
DAYS = ["2026-11-30", "2026-02-30", "0000-00-00", "9999-12-31", "2026-13-01"]
FLOATS = (
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1e-308, 5e-324, 1e308, math.inf, -math.inf, math.nan, 1e15])
    | st.floats()
)
INTS = {
    F.CPPTYPE_INT32: (-INT32, INT32 - 1),
    F.CPPTYPE_INT64: (-INT64, INT64 - 1),
    F.CPPTYPE_UINT32: (0, 2 * INT32 - 1),
    F.CPPTYPE_UINT64: (0, 2 * INT64 - 1),
}


def messages(descriptor, names, depth=4):  # noqa: C901 - one case a kind of field
    """A strategy for messages of a type; `names` are real ones that texts may hold."""
    kind = GetMessageClass(descriptor)
    texts = st.sampled_from([*WORDS, *DAYS, *names]) | st.text(max_size=20)

    @st.composite
    def build(draw):
        message = kind()
        for field in descriptor.fields:
            if draw(st.integers(0, 2)):
                fill(draw, message, field)
        return message

    def fill(draw, message, field):
        try:
            if field.message_type and field.message_type.GetOptions().map_entry:
                value = field.message_type.fields_by_name["value"]
                for _ in range(draw(st.integers(0, 2))):
                    if value.message_type is None:
                        getattr(message, field.name)[draw(texts)] = draw(scalar(value))
            elif field.is_repeated:
                for _ in range(draw(st.integers(0, 2))):
                    add(draw, message, field)
            elif field.message_type:
                if depth:
                    getattr(message, field.name).CopyFrom(
                        draw(messages(field.message_type, names, depth - 1))
                    )
            else:
                setattr(message, field.name, draw(scalar(field)))
        except (ValueError, TypeError, UnicodeError):
            message.ClearField(field.name)  # the runtime itself refuses the value: it cannot be sent

    def add(draw, message, field):
        if field.message_type:
            if depth:
                getattr(message, field.name).add().CopyFrom(
                    draw(messages(field.message_type, names, depth - 1))
                )
        else:
            getattr(message, field.name).append(draw(scalar(field)))

    def scalar(field):
        if field.cpp_type in INTS:
            low, high = INTS[field.cpp_type]
            return st.sampled_from([0, 1, -1 if low else 2, low, high]) | st.integers(low, high)
        if field.cpp_type == F.CPPTYPE_ENUM:
            return st.sampled_from([v.number for v in field.enum_type.values] + [99, -1])
        if field.cpp_type in (F.CPPTYPE_DOUBLE, F.CPPTYPE_FLOAT):
            return FLOATS
        if field.cpp_type == F.CPPTYPE_BOOL:
            return st.booleans()
        return st.binary(max_size=64) if field.type == F.TYPE_BYTES else texts

    return build()


@st.composite
def damaged(draw, message):
    """The bytes of a good message with some of them changed, dropped, doubled or made up."""
    raw = bytearray(message.SerializeToString())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        how = draw(st.integers(0, 3))
        if how == 0 and raw:
            raw[at] = draw(st.integers(0, 255))
        elif how == 1:
            del raw[at : at + draw(st.integers(1, 8))]
        elif how == 2:
            raw[at:at] = raw[at : at + draw(st.integers(1, 64))]
        else:
            raw[at:at] = draw(st.binary(min_size=1, max_size=8))
    return bytes(raw)


@st.composite
def bent(draw, message, names):
    """A good message with one field, anywhere in it, set to something else."""
    changed = type(message)()
    changed.CopyFrom(message)
    here = changed
    while True:
        below = [
            v for f, v in here.ListFields() if f.message_type and not f.message_type.GetOptions().map_entry
        ]
        inner = [x for v in below for x in (v[:5] if hasattr(v, "add") else [v])]
        if not inner or not draw(st.integers(0, 3)):
            break
        here = inner[draw(st.integers(0, len(inner) - 1))]
    other = draw(messages(here.DESCRIPTOR, names, 1))
    fields = [f.name for f, _ in other.ListFields()]
    if fields:
        name = fields[draw(st.integers(0, len(fields) - 1))]
        here.ClearField(name)
        piece = type(here)()
        piece.CopyFrom(other)
        for f, _ in other.ListFields():
            if f.name != name:
                piece.ClearField(f.name)
        here.MergeFrom(piece)
    return changed
