"""
An export verifies offline, and every change to its files is found.
"""

import json
import shutil

import pytest

from audit import (
    Artifact,
    ExportError,
    ExportFormat,
    Ledger,
    MemoryStore,
    NewEntry,
    NotInLedgerError,
    Signer,
    export,
    verify_export,
)

SIGNER = Signer("example.com/log", bytes(range(32)))
KEYS = (SIGNER.verifier,)
SIZE = 60


def new(number):
    return NewEntry(
        "decision.v1",
        f"decisions/{number}",
        {"number": number, "text": "Größe, \"quoted\", 'x'\n\u2028"},
        payload=b"" if number % 3 else f"payload {number}".encode(),
        artifacts=(Artifact.of("text/plain", str(number % 4).encode()),),
        key=f"k{number}",
    )


def fill(ledger):
    for start in range(0, SIZE, 20):
        ledger.append_all(tuple(new(number) for number in range(start, start + 20)))
    return ledger


@pytest.fixture
def filled(clock):
    with Ledger(MemoryStore(), SIGNER, clock) as ledger:
        yield fill(ledger)


def found(folder, keys=KEYS, elsewhere=()):
    return {(problem.kind.value, problem.seq) for problem in verify_export(folder, keys, elsewhere).problems}


@pytest.mark.parametrize("form", list(ExportFormat))
def test_a_whole_export_verifies_from_each_store_in_each_format(ledger, tmp_path, form):
    """
    Root and size are those of the log, wherever it is kept and whatever the rows are written as.
    """
    filled = fill(ledger)
    folder = tmp_path / "stick"

    assert export(filled, folder, KEYS, form=form) == SIZE

    verification = verify_export(folder, KEYS)
    assert verification.holds, verification.problems
    assert (SIZE, SIZE, filled.root(SIZE).hex()) == (
        verification.entries,
        verification.size,
        verification.root,
    )


@pytest.mark.parametrize("form", list(ExportFormat))
def test_a_selection_verifies_by_its_proofs(filled, tmp_path, form):
    """
    Three entries of sixty, each proven under the checkpoint.
    """
    folder = tmp_path / "stick"
    export(filled, folder, KEYS, (41, 3, 17), form)
    verification = verify_export(folder)

    assert verification.holds, verification.problems
    assert (3, SIZE) == (verification.entries, verification.size)
    assert verification.root == filled.checkpoint().root.hex()


def test_what_is_exported_is_what_was_asked_for(filled, tmp_path):
    """
    A folder with something in it, and an entry that is not there, are refused.
    """
    (tmp_path / "x").write_text("mine")

    with pytest.raises(ExportError, match="not empty"):
        export(filled, tmp_path, KEYS)
    with pytest.raises(NotInLedgerError):
        export(filled, tmp_path / "a", KEYS, (SIZE,))
    with pytest.raises(NotInLedgerError):
        export(filled, tmp_path / "b", KEYS, (-1, 3))


def lines_of(folder):
    return (folder / "entries.jsonl").read_text().removesuffix("\n").split("\n")


def edit_line(folder, number, **changes):
    lines = lines_of(folder)
    lines[number] = json.dumps(json.loads(lines[number]) | changes, ensure_ascii=False)
    write_lines(folder, lines)


def write_lines(folder, lines):
    (folder / "entries.jsonl").write_text("\n".join(lines) + "\n")


def swap(folder):
    lines = lines_of(folder)
    lines[5], lines[9] = lines[9], lines[5]
    write_lines(folder, lines)


CHANGES = {
    "envelope": (lambda folder: edit_line(folder, 7, envelope='{"a":1}'), {("BYTES_CHANGED", 7)}),
    "subject": (lambda folder: edit_line(folder, 7, subject="x"), {("COLUMN_CHANGED", 7)}),
    "payload": (lambda folder: edit_line(folder, 6, payload="QUJD"), {("PAYLOAD_CHANGED", 6)}),
    "no payload": (lambda folder: edit_line(folder, 6, payload="", salt=""), {("PAYLOAD_MISSING", 6)}),
    "proof": (
        lambda folder: edit_line(folder, 7, proof=json.loads(lines_of(folder)[8])["proof"]),
        {("PROOF_CHANGED", 7)},
    ),
    "deleted line": (
        lambda folder: write_lines(folder, lines_of(folder)[:7] + lines_of(folder)[8:]),
        {("MISSING", 7), ("UNREADABLE", None)},
    ),
    "truncated": (
        lambda folder: write_lines(folder, lines_of(folder)[:40]),
        {("TRUNCATED", 40), ("UNREADABLE", None)},
    ),
    "repeated line": (
        lambda folder: write_lines(folder, [*lines_of(folder)[:8], *lines_of(folder)[7:]]),
        {("INSERTED", 7), ("UNREADABLE", None)},
    ),
    "swapped lines": (
        swap,
        {("MISSING", 5), ("INSERTED", 5), ("INSERTED", 6), ("INSERTED", 7), ("INSERTED", 8)},
    ),
    "artifact": (
        lambda folder: next((folder / "artifacts").glob("*/*")).write_bytes(b"other"),
        {("ARTIFACT_CHANGED", None)},
    ),
    "artifacts": (
        lambda folder: shutil.rmtree(folder / "artifacts"),
        {("ARTIFACT_MISSING", seq) for seq in range(4)},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_to_the_folder_is_named(filled, tmp_path, name):
    """
    Lines changed, deleted, cut off, repeated, swapped; payloads, proofs and artifacts exchanged.
    """
    change, expected = CHANGES[name]
    folder = tmp_path / "stick"
    export(filled, folder, KEYS)
    change(folder)

    assert expected <= found(folder)
    if name != "swapped lines":
        assert expected == found(folder)


@pytest.mark.parametrize(
    "cut", ["entries.jsonl", "checkpoints.jsonl", "checkpoint", "keys.txt", "manifest.json"]
)
@pytest.mark.parametrize("content", [None, b"", b"\xff\x00garbage", b'{"seq":1}\n[]\n'])
def test_an_unreadable_export_is_no_crash(filled, tmp_path, cut, content):
    """
    Each file missing, empty or garbage: a typed error or a finding, never a clean bill.
    """
    folder = tmp_path / "stick"
    export(filled, folder, KEYS)
    path = folder / cut
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    try:
        problems = found(folder, keys=() if cut == "keys.txt" else KEYS)
    except ExportError:
        return
    assert problems


def test_a_wrong_key_and_a_foreign_log_are_named(filled, tmp_path):
    """
    Another log's key does not open this log's checkpoints; another log's checkpoint is not this one's.
    """
    folder = tmp_path / "stick"
    export(filled, folder, KEYS)
    stranger = Signer("example.org/other", bytes(32))

    assert ("CHECKPOINT_CHANGED", None) in found(folder, keys=(stranger.verifier,))
    foreign = stranger.signature_line("x\n1\n" + "A" * 43 + "=\n")
    assert ("CHECKPOINT_CHANGED", None) in found(folder, elsewhere=("x\n1\n" + "A" * 43 + "=\n\n" + foreign,))
    assert ("UNREADABLE", None) in found(folder, elsewhere=("garbage",))


def test_an_export_of_an_older_state_is_caught_by_a_later_checkpoint(filled, tmp_path):
    """
    Somebody hands over last month's export; the auditor kept yesterday's checkpoint.
    """
    folder = tmp_path / "stick"
    export(filled, folder, KEYS)
    filled.append(new(60))

    assert found(folder) == set()
    assert found(folder, elsewhere=(filled.checkpoint().note,)) == {("TRUNCATED", SIZE)}
