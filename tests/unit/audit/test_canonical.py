import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rfc8785 import dumps as reference_dumps

from audit import CanonicalError, canonical

KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_bytes_are_those_of_an_independent_rfc_8785_encoder(value):
    """
    Inside the restricted profile, encode is RFC 8785.
    """
    assert reference_dumps(value) == canonical.encode(value)


def test_digest_is_sha_256_in_hex():
    """
    The digest of nothing is the published SHA-256 of the empty string.
    """
    assert canonical.digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("value", "field_path"),
    [
        ({"a": {"b": [0, 1.5]}}, "a.b[1]"),
        ({"count": 2**53}, "count"),
        ({"Key": 1}, ""),
        ({"é": 1}, ""),
        ({"a": [b"x"]}, "a[0]"),
        ({"a": {1, 2}}, "a"),
        ({"a": math.nan}, "a"),
        ({**{f"a{n}": n for n in range(99)}, "Key": 1}, ""),
        ({"a": ["x", 1.5]}, "a[1]"),
    ],
)
def test_what_readers_would_disagree_on_is_refused_by_path(value, field_path):
    """
    Floats, large integers, foreign keys and bytes are refused, and the message says where.
    """
    with pytest.raises(CanonicalError) as caught:
        canonical.encode(value)

    assert field_path == caught.value.field
    assert caught.value.fix


class Word(StrEnum):
    ABC = "abc"


@pytest.mark.parametrize("mapping", [{Word.ABC: 1}, {"a": {Word.ABC: 1}}])
def test_a_key_that_only_equals_a_text_is_refused_before_it_is_written(mapping):
    """
    Also where the text was met before: what cannot be written would fail in the log's batch, with all others in it.
    """
    canonical.encode({"abc": 1, "a": {"abc": 1}})

    with pytest.raises(CanonicalError):
        canonical.encode(mapping)


def test_a_lone_surrogate_and_a_bottomless_value_are_refused():
    """
    Text that is not Unicode, and nesting without end, are typed errors.
    """
    loop = []
    loop.append(loop)

    with pytest.raises(CanonicalError):
        canonical.encode({"a": "\ud800"})
    with pytest.raises(CanonicalError, match="nested"):
        canonical.encode(loop)


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    weight: float = 0.0
    price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Whole:
    parts: tuple[Part, ...]
    pair: tuple[int, float] = (0, 0.0)
    colour: Colour = Colour.RED
    due: date | None = None
    at: datetime | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    by_day: Mapping[date, float] = field(default_factory=dict)
    is_open: bool = False
    count: int = 3
    nested: Part | None = None


FLOATS = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)
FINITE = st.decimals(allow_nan=False, allow_infinity=False).map(lambda value: value or Decimal(0))
PARTS = st.builds(Part, st.text(), FLOATS, FINITE)
WHOLES = st.builds(
    Whole,
    st.lists(PARTS, max_size=4).map(tuple),
    st.tuples(st.integers(-(2**53) + 1, 2**53 - 1), FLOATS),
    st.sampled_from(Colour),
    st.none() | st.dates(),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.dictionaries(st.dates(), FLOATS, max_size=3),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.none() | PARTS,
)


@given(WHOLES)
def test_an_object_reads_back_equal(whole):
    """
    decode(encode(x)) == x, and encoding again gives the same bytes.
    """
    data = canonical.encode_object(whole)
    again = canonical.decode_object(data, Whole)

    assert whole == again
    assert data == canonical.encode_object(again)


@given(WHOLES)
def test_object_bytes_are_rfc_8785_too(whole):
    """
    Whatever keys a mapping holds, an independent encoder writes the same bytes.
    """
    data = canonical.encode_object(whole)

    assert reference_dumps(json.loads(data)) == data


def test_defaults_are_left_out_and_equal_objects_share_their_bytes():
    """
    A field at its default leaves no trace; 5 and 5.0, 1.50 and 1.5 are one value.
    """
    assert canonical.encode_object(Whole(())) == b'{"parts":[]}'
    assert canonical.encode_object(Part("a", 5)) == canonical.encode_object(Part("a", 5.0))
    assert canonical.encode_object(Part("a", 1.0, Decimal("1.50"))) == canonical.encode_object(
        Part("a", 1.0, Decimal("1.5")),
    )


def test_a_float_is_its_shortest_decimal_string():
    """
    0.1 + 0.2 keeps all its digits, and no more.
    """
    assert canonical.encode_object(Part("a", 0.1 + 0.2)) == b'{"name":"a","weight":"0.30000000000000004"}'


@pytest.mark.parametrize("weight", [math.nan, math.inf, -math.inf, -0.0, True, "5"])
def test_what_is_not_a_quantity_is_refused_by_path(weight):
    """
    NaN, infinities, negative zero and other types name their field.
    """
    with pytest.raises(CanonicalError) as caught:
        canonical.encode_object(Whole((Part("a"), Part("b", weight))))

    assert caught.value.field == "parts[1].weight"


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"parts":3}', b'{"parts":[{}]}', b"\xff"])
def test_bytes_that_are_no_such_object_are_refused(data):
    """
    Decoding garbage is a typed error.
    """
    with pytest.raises(CanonicalError):
        canonical.decode_object(data, Whole)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=3), st.dictionaries(st.text(max_size=2), st.text(max_size=2))
    )
)
def test_keys_of_an_object_stand_in_the_order_of_rfc_8785(value):
    """
    By UTF-16, which beyond ASCII is not the order of UTF-8; also inside of one another.
    """
    assert reference_dumps(value) == canonical.encode_object(value)


def test_the_first_field_that_is_wrong_is_named():
    """
    In the order of the keys, wherever it stands and whatever else is wrong.
    """
    with pytest.raises(CanonicalError) as caught:
        canonical.encode_object(Whole((Part("a"), Part("b", weight=math.nan)), count="3"))

    assert "count" == caught.value.field
