"""Files gone wrong: snapshots, policies and exports; refused by type or found out, in time, never a crash."""

import shutil
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import AuditError, ExportFormat, Ledger, MemoryStore, NewEntry, Signer, export, verify_export
from decision_service.cli.failure import Failure
from decision_service.cli.policy_files import read_policy
from decision_service.cli.snapshot_file import read_snapshot
from decision_service.errors import ServiceError
from decision_service.usecases.release_content import ReleaseContent, compile_release
from optimization.errors import OptimizationError
from rules import RulesError

from .test_fuzz import FUZZ, SECONDS

SLACK = 5  # times: a loaded machine is slow, a hang is not
TOKENS = [
    b"",
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"'",
    b":",
    b",",
    b"\n",
    b"- ",
    b"&a",
    b"*a",
    b"<<",
    b"1e999",
    b"NaN",
]
TOKENS += [
    b"-0.0",
    b"null",
    b"!!python/object:os.system",
    b"\x00",
    b"\xff\xfe",
    b"9" * 400,
    b"[" * 200,
    b"  ",
]


@st.composite
def spoiled(draw, content):
    """The bytes of a file with pieces replaced, dropped or doubled."""
    raw = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        length = draw(st.integers(0, 12))
        piece = draw(st.sampled_from(TOKENS) | st.binary(max_size=4))
        raw[at : at + length] = bytes(raw[at : at + 40]) if draw(st.booleans()) and not piece else piece
    return bytes(raw)


def in_time(run):
    """Run it, twice where the machine stumbled."""
    for _ in range(2):
        started = time.monotonic()
        run()
        if time.monotonic() - started < SLACK * SECONDS:
            return
    raise AssertionError("took too long, twice")


def test_a_snapshot_file_gone_wrong(tmp_path, root):
    """
    Read, or refused with what is wrong.
    """
    good = (root / "examples" / "bundled" / "snapshot.json").read_bytes()
    file = tmp_path / "snapshot.json"

    @settings(FUZZ, max_examples=4 * FUZZ.max_examples)
    @given(spoiled(good))
    def run(content):
        file.write_bytes(content)

        def read():
            try:
                read_snapshot(file)
            except (Failure, ServiceError, OptimizationError):
                return

        in_time(read)

    run()


def test_a_policy_gone_wrong(root):
    """
    Compiled, or refused with its diagnostics.
    """
    files = read_policy(root / "policies" / "replenishment")

    @settings(FUZZ, max_examples=4 * FUZZ.max_examples)
    @given(st.sampled_from(sorted(files)), st.data())
    def run(name, data):
        content = data.draw(spoiled(files[name].encode())).decode("utf-8", "replace")

        def compile_it():
            try:
                compile_release(ReleaseContent(dict(files) | {name: content}))
            except (ServiceError, RulesError):
                return

        in_time(compile_it)

    run()


@pytest.fixture
def exported(tmp_path):
    """An export of a small log, and the log's key."""
    signer = Signer("test", bytes(32))
    clock = lambda: datetime(2026, 11, 25, tzinfo=UTC)  # noqa: E731 - as short as that
    with Ledger(MemoryStore(), signer, clock) as ledger:
        for number in range(20):
            ledger.append(
                NewEntry(
                    "k", f"s{number}", {"number": number}, payload=b"p", key=f"k{number}", key_digest="d"
                )
            )
        export(ledger, tmp_path / "good", (signer.verifier,), form=ExportFormat.JSONL)
    return tmp_path / "good", signer.verifier


def test_an_export_gone_wrong(tmp_path, exported):
    """
    Any file of it spoiled: not one changed entry passes for what was recorded.
    """
    good, key = exported
    names = sorted(f.name for f in good.iterdir() if f.is_file())
    originals = {name: (good / name).read_bytes() for name in names}
    assert not verify_export(good, (key,)).problems

    @settings(FUZZ, max_examples=4 * FUZZ.max_examples)
    @given(st.sampled_from(names), st.data())
    def run(name, data):
        content = data.draw(spoiled(originals[name]))
        folder = tmp_path / "bad"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(good, folder)
        (folder / name).write_bytes(content)
        found = []

        def verify():
            found.clear()
            try:
                found.append(bool(verify_export(folder, (key,)).problems))
            except AuditError:
                found.append(True)

        in_time(verify)
        if name == "entries.jsonl" and content.split() != originals[name].split():
            assert found == [True], content

    run()
