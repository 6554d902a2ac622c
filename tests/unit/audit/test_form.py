"""A form that is filled in says what the same entry says that is written by itself."""

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import Artifact, CanonicalError, Form, InvalidEntryError, NewEntry, canonical
from audit.prepared import prepare

SALT, MOMENT = b"s" * 16, datetime(2026, 3, 4, 5, 6, 7, 8, UTC)
# What stands for a blank, or for time and place, while a form is written: nobody may say it.
STANDS = ["entry.subject", "entry.key", "entry.payload", "entry.seq", "entry.recorded_at", "a_own", "z_own"]
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12) | st.sampled_from(
    [*STANDS, *(f"{name};" for name in STANDS), '","entry":{', "%s%%{0}\\g<1>"]
)
NAMES = st.sampled_from("adeftz") | st.text("az_", min_size=1, max_size=3).map("a".__add__)  # around `entry`
VALUES = st.recursive(TEXTS | st.integers(-9, 9) | st.none(), lambda inner: st.lists(inner, max_size=3))
NAMED = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=9)


@given(
    common=st.dictionaries(NAMES, VALUES, max_size=5),
    own=st.dictionaries(NAMES.map(lambda name: f"{name}_own"), TEXTS, max_size=5),
    subject=NAMED,
    key=NAMED,
    payload=st.binary(max_size=3),
    requires=st.dictionaries(NAMED, st.none() | NAMED, max_size=3),
    sizes=st.lists(st.integers(0, 3), max_size=3, unique=True),
    seq=st.integers(0, 10**9),
)
def test_what_is_filled_in_is_what_is_written_at_once(
    common, own, subject, key, payload, requires, sizes, seq
):
    """
    Byte for byte, and its canonical form: whatever is on the form and in its blanks, signs of formats included.
    """
    artifacts = tuple(Artifact.of("text/plain", b"%b" * size) for size in sizes)
    form = Form("k.v1", common, own, payload, artifacts, "sha256:%d", requires)
    alone = NewEntry("k.v1", subject, {**common, **own}, payload, artifacts, key, "sha256:%d", requires)

    for _ in range(3):  # the first is written by itself
        entry = prepare(form.fill(subject, key, own), SALT).at(seq, MOMENT)

        assert entry == prepare(alone, SALT).at(seq, MOMENT)
    assert entry.envelope == canonical.encode(orjson.loads(entry.envelope))


FORM = Form("k.v1", {"n": 1}, ("said",))


@pytest.mark.parametrize(
    ("subject", "key", "own", "field"),
    [
        ("", "k", {"said": ""}, "subject"),
        ("s", "", {"said": ""}, "key"),
        ("s\0", "k", {"said": ""}, "subject"),
        ("s", "k" * 1001, {"said": ""}, "key"),
        ("s", "k", {}, "envelope.said"),
        ("s", "k", {"said": "", "more": ""}, "envelope.more"),
        ("s", "k", {"said": "", 1: "", "more": ""}, "envelope.1"),
        ("s", "k", {"said": "\ud800"}, "said"),
        ("s", "k", {"said": 1}, "said"),
        ("s", "k", {"said": None}, "said"),
    ],
)
def test_what_cannot_stand_in_a_blank_is_refused_before_it_is_asked_for(subject, key, own, field):
    """
    One entry that the store does not take would fail its whole batch.
    """
    with pytest.raises((InvalidEntryError, CanonicalError)) as caught:
        FORM.fill(subject, key, own)

    assert field == caught.value.field


@pytest.mark.parametrize("common", [{"entry": 1}, {"N": 1}, {"n": 1.5}, {"said": "also"}])
def test_a_form_of_what_has_no_canonical_form_is_refused(common):
    """
    And so is one that speaks for the ledger, or for those who fill it in.
    """
    with pytest.raises((InvalidEntryError, CanonicalError)):
        prepare(Form("k.v1", common, ("said",)).fill("s", "k", {"said": ""}), SALT)


def test_what_is_on_a_form_or_in_its_blanks_stays_as_it_was():
    """
    Whoever changes a mapping later changes neither what is recorded nor what is held.
    """
    requires, own = {"p": None}, {"said": "before"}
    form = Form("k.v1", {}, ("said",), requires=requires)
    filled = form.fill("s", "k", own)
    requires["p"], own["said"] = "later", "later"

    first, entry = (prepare(filled, SALT).at(0, MOMENT) for _ in range(2))

    assert first == entry
    assert {"said": "before"} == entry.body
    assert (("p", None),) == entry.header.requires == tuple(filled.requires.items())
