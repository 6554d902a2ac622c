"""Bad input on the command line: exit code 2, one line that names the field and the fix, no traceback."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def decisionctl(*arguments, data):
    """Exit code and everything printed."""
    done = subprocess.run(
        [sys.executable, "-m", "decision_service", *map(str, arguments), "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


def changed(folder, change):
    """The bundled example with one thing wrong, as a file."""
    snapshot = json.loads((ROOT / "examples" / "bundled" / "snapshot.json").read_text())
    change(snapshot)
    file = folder / "wrong.json"
    file.write_text(json.dumps(snapshot))
    return file


WRONG = {
    "unknown field": (lambda s: s.update(stocks=[]), "stocks"),
    "negative": (lambda s: s["stages"][0].update(on_hand=-5), "stages[0].on_hand"),
    "NaN": (lambda s: s["stages"][0].update(on_hand="NaN"), "stages[0].on_hand"),
    "infinite": (lambda s: s["items"][0].update(value="Infinity"), "items[0].value"),
    "text for a number": (lambda s: s["stages"][0].update(on_hand="lots"), "on_hand"),
    "unknown id": (lambda s: s["stages"][0].update(item="NOWHERE"), "stages[0].item"),
    "duplicate": (lambda s: s["items"].append(dict(s["items"][0])), "items[10].id"),
    "past": (lambda s: s["receipts"][0].update(due="1990-13-01"), "receipts[0].due"),
    "empty": (lambda s: s.update(stages=[], lanes=[], demands=[], receipts=[]), "stages"),
    "service level 1": (
        lambda s: s["stages"][0].update(service_level={"kind": "SERVICE_LEVEL_KIND_CYCLE", "target": 1}),
        "stages[0].service_level.target",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_snapshot_is_named(tmp_path, data, name):
    """
    Exit code 2 and the field, before anything is asked of the service where that is possible.
    """
    change, field = WRONG[name]

    code, printed = decisionctl("decide", changed(tmp_path, change), data=data)

    assert 2 == code, printed
    assert field in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00\x01", '{"as_of": ', "[" * 100_000, "é" * 10])
def test_a_file_that_is_no_snapshot_is_refused(tmp_path, data, text):
    """
    Truncated, empty, nested beyond reason: the file is named, or the field that it lacks.
    """
    (tmp_path / "s.json").write_text(text)

    code, printed = decisionctl("decide", tmp_path / "s.json", data=data)

    assert 2 == code, printed
    assert "s.json" in printed or "stages: must contain" in printed
    assert "Traceback" not in printed
    assert len(printed) < 5_000


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("decide", "examples/bundled/snapshot.json", "--release", "replenishment@9.9.9"), "9.9.9"),
        (("decide", "examples/bundled/snapshot.json", "--release", "replenishment"), "POLICY@VERSION"),
        (("decide", "nowhere.json"), "nowhere.json"),
        (("decisions", "show", "decisions/nothing"), "nothing"),
        (("decisions", "replay", "decisions/nothing"), "nothing"),
        (("decisions", "explain", "decisions/nothing", "--order", "x"), "nothing"),
        (("policy", "activate", "replenishment@9.9.9"), "9.9.9"),
        (("policy", "activate", "replenishment@1.0.0", "--scope", "north"), "KIND:NAME"),
        (("policy", "check", "examples/adventureworks"), "constants.yaml:2:1"),
        (("decisions",), "Usage"),
        (("nonsense",), "nonsense"),
    ],
    ids=lambda a: "-".join(a[:2]) if isinstance(a, tuple) else "",
)
def test_a_wrong_question_is_answered_with_what_is_wrong(data, arguments, says):
    """
    Unknown names, half names and no names: exit code 2 and the word that is wrong.
    """
    code, printed = decisionctl(*arguments, data=data) if len(arguments) > 1 else _bare(*arguments)

    assert 2 == code, printed
    assert says in printed
    assert "Traceback" not in printed


def _bare(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "decision_service", *arguments],
        capture_output=True, text=True, timeout=60, cwd=ROOT, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("text", ["{", "- a list", "a: &a [*a]", "[" * 50_000, "\x00", "a: b\na: c", ""])
def test_a_file_that_is_no_policy_is_refused_with_its_place(tmp_path, data, text):
    """
    file:line:column of what is wrong.
    """
    folder = tmp_path / "replenishment"
    shutil.copytree(ROOT / "policies" / "replenishment", folder)
    shutil.copy(ROOT / "policies" / "charter.yaml", folder)
    (folder / "review.yaml").write_text(text)

    code, printed = decisionctl("policy", "check", folder, data=data)

    assert 2 == code, printed
    assert "review.yaml" in printed
    assert "Traceback" not in printed


def test_a_service_that_is_not_there_is_unavailable(data):
    """
    Exit code 3: try again, rather than correct the input.
    """
    code, printed = decisionctl("decisions", "list", "--address", "127.0.0.1:9", "--timeout", "5", data=data)

    assert 3 == code, printed
    assert "127.0.0.1:9" in printed
