"""
Erasing payloads: four eyes, legal hold, and a log that still verifies.
"""

from datetime import timedelta

import pytest

from audit import (
    InvalidEntryError,
    LegalHoldError,
    NewEntry,
    NotInLedgerError,
    Redaction,
    RetentionClass,
    Signer,
    due,
    export,
    lift_hold,
    place_hold,
    read_classes,
    redact,
    verify_export,
    verify_ledger,
)

KEYS = (Signer("example.com/log", bytes(range(32))).verifier,)
SECRET = b"Erika Mustermann, 1964-08-12, Heidestrasse 17"


def new(number, **different):
    return NewEntry(
        "decision.v1", f"decisions/{number}", {"number": number}, **{"payload": SECRET, **different}
    )


def redaction(*seqs, **different):
    fields = {
        "legal_basis": "GDPR Art. 17(1)(a)",
        "reason": "asked for",
        "requested_by": "dpo",
        "approved_by": "cfo",
    }
    return Redaction(seqs, **fields | different)


@pytest.fixture
def filled(ledger):
    ledger.append_all(tuple(new(number) for number in range(5)))
    return ledger


def test_an_erased_payload_leaves_a_log_that_verifies(filled, tmp_path):
    """
    The payload is gone, its neighbours stay, an entry says why, and live log and export both verify.
    """
    entry = redact(filled, redaction(1, 3))

    assert [SECRET, None, SECRET, None, SECRET] == [filled.payload(seq) for seq in range(5)]
    assert {"legal_basis": "GDPR Art. 17(1)(a)", "approved_by": "cfo"}.items() <= entry.body.items()
    assert verify_ledger(filled, KEYS).holds
    export(filled, tmp_path / "stick", KEYS)
    assert verify_export(tmp_path / "stick", KEYS).holds


def test_redacting_again_finishes_and_records_nothing_new(filled):
    """
    After a crash between the entry and the erasure, the same request completes it.
    """
    first = redact(filled, redaction(1))

    assert first == redact(filled, redaction(1))
    assert filled.size == 6


def test_a_legal_hold_wins(filled):
    """
    Nothing of a held subject is erased, together with whatever else was asked for; lifting it frees it.
    """
    place_hold(filled, "decisions/3", "litigation 4711", "counsel")

    with pytest.raises(LegalHoldError) as caught:
        redact(filled, redaction(1, 3))
    assert caught.value.subject == "decisions/3"
    assert [SECRET] * 5 == [filled.payload(seq) for seq in range(5)]

    lift_hold(filled, "decisions/3", "settled", "counsel")
    redact(filled, redaction(1, 3))
    assert filled.payload(3) is None


@pytest.mark.parametrize(
    "different",
    [{"approved_by": "dpo"}, {"approved_by": ""}, {"legal_basis": ""}, {"reason": ""}, {"requested_by": ""}],
)
def test_an_erasure_has_four_eyes_and_a_basis(different):
    """
    Who asks does not approve, and both, the basis and the reason are named.
    """
    with pytest.raises(InvalidEntryError):
        redaction(1, **different)


def test_what_does_not_exist_cannot_be_redacted(filled):
    """
    A place beyond the log is a typed error, and nothing is recorded.
    """
    with pytest.raises(NotInLedgerError):
        redact(filled, redaction(99))
    with pytest.raises(InvalidEntryError):
        redaction()
    assert filled.size == 5


def test_retention_is_policy_data(ledger, clock):
    """
    Payloads fall due by their class; for ever, unknown classes and holds keep them.
    """
    ledger.append_all(
        (
            new(0),
            new(1, retention="short"),
            new(2, retention="for-ever"),
            new(3, retention="unheard-of"),
            new(4, retention="short"),
            new(5, payload=b""),
        ),
    )
    place_hold(ledger, "decisions/4", "tax audit", "counsel")
    classes = read_classes(
        {
            "default": {"keep_days": 3650, "legal_basis": "commercial code"},
            "short": {"keep_days": 30, "legal_basis": "GDPR Art. 5(1)(e)"},
            "for-ever": {"keep_days": None, "legal_basis": "none needed"},
        },
    )

    def seqs(days):
        return [seq for _, seq in due(ledger, classes, clock.now + timedelta(days=days))]

    assert [] == seqs(29)
    assert [1] == seqs(31)
    assert [0, 1] == seqs(4000)
    assert RetentionClass("short", timedelta(days=30), "GDPR Art. 5(1)(e)") in classes


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"default": {}},
        {"default": {"keep_days": "x", "legal_basis": "y"}},
        {"default": {"keep_days": -1, "legal_basis": "y"}},
    ],
)
def test_a_policy_that_says_nothing_is_refused(policy):
    """
    Retention classes need a default, a time and a basis.
    """
    with pytest.raises(InvalidEntryError):
        read_classes(policy)
