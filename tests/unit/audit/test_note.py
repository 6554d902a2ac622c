import pytest

from audit import Checkpoint, NoteError, Signer, open_checkpoint, read_checkpoint, read_vkey
from audit.checkpoint import sign_checkpoint
from audit.note import open_note, read_private_key, sign_note

SIGNER = Signer("example.com/log", bytes(range(32)))
OTHER = Signer("example.com/log", bytes(32))

# Published in the documentation of Go's golang.org/x/mod/sumdb/note.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def signed(size=5, signer=SIGNER):
    return sign_checkpoint(Checkpoint("example.com/log", size, bytes(32)), (signer,))


def test_a_note_published_by_gos_sumdb_verifies():
    """
    Our reader accepts a note that another implementation published.
    """
    text, keys = open_note(GO_NOTE, [read_vkey(GO_VKEY)])

    assert text.startswith("If you think")
    assert (read_vkey(GO_VKEY),) == keys


def test_keys_read_back_from_their_text():
    """
    A key survives its text form, private and public.
    """
    assert read_private_key(SIGNER.private_text) == SIGNER
    assert read_vkey(SIGNER.verifier.vkey) == SIGNER.verifier


def test_a_checkpoint_reads_back():
    """
    Reading a signed checkpoint returns what was signed, and who signed.
    """
    checkpoint, keys = open_checkpoint(signed().note, [SIGNER.verifier])

    assert signed().checkpoint == checkpoint
    assert (SIGNER.verifier,) == keys
    assert signed() == read_checkpoint(signed().note)


def test_a_signature_of_an_unknown_key_alone_is_not_enough():
    """
    A note that only strangers signed says who signed it.
    """
    with pytest.raises(NoteError, match="no key we were given"):
        open_checkpoint(signed(signer=OTHER).note, [SIGNER.verifier])


def test_any_changed_character_is_noticed():
    """
    Every single-character change of the note is refused.
    """
    note = signed().note

    for place in range(len(note)):
        changed = note[:place] + ("A" if note[place] != "A" else "B") + note[place + 1 :]
        with pytest.raises(NoteError):
            open_checkpoint(changed, [SIGNER.verifier])


def test_a_checkpoint_of_another_log_is_refused():
    """
    A trusted key signs for its own origin only.
    """
    foreign = sign_note(Checkpoint("elsewhere", 1, bytes(32)).text, (SIGNER,))

    with pytest.raises(NoteError, match="another log"):
        open_checkpoint(foreign, [SIGNER.verifier])


@pytest.mark.parametrize(
    "text",
    ["", "name", "name+00000000+AAAA", SIGNER.verifier.vkey[:-4], "a b+c+d", GO_VKEY.replace("c7", "c8")],
)
def test_what_is_not_a_key_is_refused(text):
    """
    Broken keys are typed errors.
    """
    with pytest.raises(NoteError):
        read_vkey(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "a\n\nb\n",
        "x\n5\n!!!\n\n— a AAAAAAAAAAA=\n",
        "x\n05\nAA==\n\n— a AAAAAAAAAAA=\n",
        "x" * 200_000,
    ],
)
def test_what_is_not_a_checkpoint_is_refused(note):
    """
    Broken notes are typed errors.
    """
    with pytest.raises(NoteError):
        read_checkpoint(note)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_a_key_name_fits_a_note(name):
    """
    A name that would break the note's form is refused.
    """
    with pytest.raises(NoteError):
        Signer(name, bytes(32))
