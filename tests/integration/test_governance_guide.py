"""The governance guide does what it says: its edits are made, its commands run, their output is there."""

import importlib.util
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from decision_service.cli import load

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "governance.md"
BLOCK = re.compile(r"```(console|diff)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def documents():
    """What compares shown lines with printed ones, from the test of the README."""
    spec = importlib.util.spec_from_file_location("documents", ROOT / "tests" / "test_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def work(tmp_path):
    """A checkout whose policies may be edited."""
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def edit(work, block):
    """Replace the lines of a diff in the file that its first line names; each has to be there once."""
    name, *lines = block.splitlines()
    file = work / name
    text = file.read_text()
    removed = [line[1:] for line in lines if line.startswith("-")]
    added = [line[1:] for line in lines if line.startswith("+")]
    for old, new in zip(removed, added, strict=True):
        assert 1 == text.count(f"{old}\n"), f"{name}: {old}"
        text = text.replace(f"{old}\n", f"{new}\n")
    file.write_text(text)


def steps(block):
    """Commands of a console block, each with the lines that it shows."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def run(command, address):
    """What a command prints; `decisionctl` runs in this process, against the service of the test."""
    if not command.startswith("decisionctl "):
        subprocess.run(["bash", "-c", command], timeout=60, check=True)
        return ""
    line, _, on_failure = command.partition(" || ")
    result = CliRunner().invoke(load(), [*shlex.split(line)[1:], "--address", address])
    assert bool(on_failure) == bool(result.exit_code), f"{command}\n{result.output[-3000:]}"
    return result.output + (f"exit code {result.exit_code}\n" if on_failure else "")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_guide_takes_a_newcomer_to_activation(documents, work, service, monkeypatch):
    """
    From a threshold to activation and back: every command succeeds and prints what the guide shows, in order.
    """
    missing, commands = [], 0
    monkeypatch.chdir(work)
    for kind, block in BLOCK.findall(GUIDE.read_text()):
        if kind == "diff":
            edit(work, block)
            continue
        for command, shown in steps(block):
            printed = run(command, service.server.address)
            commands += 1
            found = documents.matched(shown, printed, is_exact=True)
            missing += [f"{command}: {line}" for line, printed_line in found if printed_line is None]

    assert [] == missing
    assert commands > 20
