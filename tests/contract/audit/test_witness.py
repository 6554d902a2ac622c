"""
Witnesses and published checkpoints: what the owner of the database cannot undo.
"""

import shutil
import subprocess

import pytest

from audit import (
    Cosigner,
    Ledger,
    MemoryStore,
    NewEntry,
    NoteError,
    Refusal,
    Signer,
    StorageError,
    Witness,
    WitnessRefusedError,
    open_checkpoint,
    publish,
    published,
    verify_ledger,
)

SIGNER = Signer("example.com/log", bytes(range(32)))
COSIGNER = Cosigner("witness.example/w1", bytes(range(1, 33)))


@pytest.fixture
def witness(tmp_path, clock):
    return Witness(tmp_path / "witness", COSIGNER, [SIGNER.verifier], clock)


def grow(ledger, count, text="x"):
    ledger.append_all(tuple(NewEntry("k", f"s{number}", {"text": text}) for number in range(count)))


def other_log(clock, count, text="y"):
    ledger = Ledger(MemoryStore(), SIGNER, clock)
    grow(ledger, count, text)
    return ledger


def test_a_growing_log_is_cosigned(ledger, witness):
    """
    Each time the log grew the witness signs, and its signature verifies beside the log's.
    """
    for count in (3, 300, 1):
        grow(ledger, count)
        note = witness.observe(ledger).note
        checkpoint, keys = open_checkpoint(note, [SIGNER.verifier, COSIGNER.verifier])

        assert ledger.checkpoint().checkpoint == checkpoint
        assert {SIGNER.verifier, COSIGNER.verifier} == set(keys)
        assert witness.remembered("example.com/log").note == note
        assert verify_ledger(ledger, [SIGNER.verifier], [note]).holds


def refusal(act):
    with pytest.raises(WitnessRefusedError) as caught:
        act()
    return caught.value.refusal


def test_a_log_that_was_cut_or_restored_is_refused(witness, clock):
    """
    The witness saw 300 entries; the same log with 200 is not signed.
    """
    witness.observe(other_log(clock, 300))

    assert refusal(lambda: witness.observe(other_log(clock, 200))) is Refusal.CONFLICT


def test_a_rewritten_log_is_refused(witness, clock):
    """
    Same length, or longer, with another past: no consistency proof leads there.
    """
    witness.observe(other_log(clock, 300))

    assert refusal(lambda: witness.observe(other_log(clock, 300, "z"))) is Refusal.CONFLICT
    assert refusal(lambda: witness.observe(other_log(clock, 400, "z"))) is Refusal.INCONSISTENT
    assert witness.remembered("example.com/log").size == 300


def test_what_is_not_this_logs_checkpoint_is_refused(witness, clock):
    """
    Unknown logs, unsigned notes, garbage, and a wrong idea of what the witness remembers.
    """
    log = other_log(clock, 5)
    note = log.checkpoint().note
    stranger = Ledger(MemoryStore(), Signer("example.org/other", bytes(32)), clock)
    thief = Ledger(MemoryStore(), Signer("example.com/log", bytes(32)), clock)

    assert refusal(lambda: witness.add_checkpoint(0, (), "garbage")) is Refusal.MALFORMED
    assert refusal(lambda: witness.add_checkpoint(0, (), stranger.checkpoint().note)) is Refusal.UNKNOWN_LOG
    assert refusal(lambda: witness.add_checkpoint(0, (), thief.checkpoint().note)) is Refusal.NOT_SIGNED
    assert refusal(lambda: witness.add_checkpoint(3, (), note)) is Refusal.CONFLICT
    assert refusal(lambda: witness.add_checkpoint(9, (), note)) is Refusal.MALFORMED
    assert witness.remembered("example.com/log") is None


def test_two_witness_processes_share_their_memory(tmp_path, clock):
    """
    What one instance remembered, another on the same folder refuses to forget.
    """
    log = other_log(clock, 5)
    first, second = (Witness(tmp_path / "w", COSIGNER, [SIGNER.verifier], clock) for _ in range(2))
    first.observe(log)

    assert refusal(lambda: second.add_checkpoint(0, (), log.checkpoint().note)) is Refusal.CONFLICT


def test_checkpoints_published_to_a_file_are_found_again(ledger, tmp_path):
    """
    Every published checkpoint is a line; a log that no longer extends one is caught.
    """
    target = tmp_path / "anchors.jsonl"
    notes = []
    for count in (3, 10):
        grow(ledger, count)
        publish(ledger.checkpoint(), target)
        notes.append(ledger.checkpoint().note)

    assert tuple(notes) == published(target)
    assert verify_ledger(ledger, [SIGNER.verifier], published(target)).holds


def test_a_git_folder_keeps_the_history(clock, tmp_path):
    """
    In a git working tree each checkpoint is a commit.
    """
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for count in (3, 10):
        publish(other_log(clock, count).checkpoint(), tmp_path)
    log = subprocess.run(
        ["git", "-C", str(tmp_path), "log", "--oneline"], capture_output=True, text=True, check=True
    ).stdout

    assert len(log.splitlines()) == 2
    assert len(published(tmp_path)) == 2


def test_a_place_that_cannot_be_written_or_read_is_said_so(clock, tmp_path):
    """
    Publishing nowhere and reading garbage are typed errors.
    """
    (tmp_path / "garbage").write_text("x\n")

    with pytest.raises(StorageError):
        publish(other_log(clock, 1).checkpoint(), tmp_path / "no" / "such" / "file")
    with pytest.raises(NoteError):
        published(tmp_path / "garbage")
