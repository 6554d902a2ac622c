"""The keys of a log: a rotation that is cut off anywhere is ended by the next one, and the old key opens nothing."""

from pathlib import Path

import pytest

from audit import KeyRing, NewEntry, NoteError, VerificationError, open_ledger, upgrade, verify_ledger

ORIGIN = "example.com/log"
MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"


@pytest.fixture
def ring(tmp_path):
    return KeyRing(tmp_path)


@pytest.fixture
def url(tmp_path, ring):
    """A log of one entry, signed by the ring's key."""
    url = f"sqlite:///{tmp_path}/log.db"
    upgrade(url, MIGRATIONS)
    append(url, ring)
    return url


def append(url, ring):
    with open_ledger(url, ring.signer(ORIGIN)) as ledger:
        return ledger.append(NewEntry("test.v1", "it", {})).entry.seq


def test_a_log_gets_another_key(ring, url):
    """
    Who trusts the first key follows to the second; earlier keys are remembered.
    """
    first = ring.signer(ORIGIN).verifier
    second = ring.rotate(url)
    seq = append(url, ring)
    with open_ledger(url, second) as ledger:
        found = verify_ledger(ledger, [first])

    assert second == ring.signer(ORIGIN)
    assert 2 == seq
    assert (first,) == ring.earlier()
    assert found.holds
    assert (first.vkey, second.verifier.vkey) == found.keys


def test_the_old_key_opens_the_log_no_more(ring, url):
    """
    Also not before the new one has signed alone: a service that was not told must not go on.
    """
    old = ring.signer(ORIGIN)
    ring.rotate(url)

    with pytest.raises(VerificationError, match="handed over to another key"):
        open_ledger(url, old)


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param("audit.keyring._is_handed_over", id="before the log knows"),
        pytest.param("audit.keyring._replace", id="before it is remembered"),
        pytest.param("pathlib.Path.replace", id="before it is in place"),
    ],
)
def test_a_rotation_that_was_cut_off_is_ended(ring, url, monkeypatch, cut):
    """
    The key that was made is the one that follows, and it is announced once.
    """
    old = ring.signer(ORIGIN).verifier

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(cut, stop)
        with pytest.raises(KeyboardInterrupt):
            ring.rotate(url)
    made = (ring.folder / "signing.key.next").read_text().strip()
    again = ring.rotate(url)

    assert made == again.private_text
    assert (old,) == ring.earlier()
    assert 2 == append(url, ring)


def test_a_second_rotation_keeps_both_earlier_keys(ring, url):
    """
    The oldest first, and the first key still leads to the last.
    """
    first = ring.signer(ORIGIN).verifier
    second = ring.rotate(url).verifier
    third = ring.rotate(url)
    with open_ledger(url, third) as ledger:
        found = verify_ledger(ledger, [first])

    assert (first, second) == ring.earlier()
    assert found.holds
    assert third.verifier.vkey in found.keys


def test_there_must_be_a_key_to_hand_over(tmp_path):
    """
    A folder without a key rotates nothing, and gets no key by the way.
    """
    with pytest.raises(NoteError, match=r"signing\.key"):
        KeyRing(tmp_path).rotate("memory://")

    assert [] == list(tmp_path.iterdir())


def test_a_file_of_something_else_is_said_so(ring):
    """
    A private key among the public ones is refused by name, and not printed.
    """
    secret = ring.signer(ORIGIN).private_text
    (ring.folder / "earlier.keys").write_text(secret)

    with pytest.raises(NoteError, match=r"earlier\.keys.*line 1") as caught:
        ring.earlier()

    assert secret.split("+", 4)[4] not in str(caught.value)  # base64, which may hold a + of its own
