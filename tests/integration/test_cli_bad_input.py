"""Bad input on the command line: exit code 2, one line that names the field and the fix, no traceback."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from decision_service.cli import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def decisionctl(governed):
    """decisionctl(...): exit code and everything printed, against a running service; nothing may escape."""
    root = load()

    def run(*arguments, address=governed.server.address):
        given = [*map(str, arguments), *(("--address", address) if address else ())]
        done = CliRunner().invoke(root, given)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return run


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
def test_a_wrong_snapshot_is_named(decisionctl, tmp_path, name):
    """
    Exit code 2 and the field, before anything is asked of the service where that is possible.
    """
    change, field = WRONG[name]

    code, printed = decisionctl("decide", changed(tmp_path, change))

    assert 2 == code, printed
    assert field in printed


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00\x01", '{"as_of": ', "[" * 100_000, "é" * 10])
def test_a_file_that_is_no_snapshot_is_refused(decisionctl, tmp_path, text):
    """
    Truncated, empty, nested beyond reason: the file is named, or the field that it lacks.
    """
    (tmp_path / "s.json").write_text(text)

    code, printed = decisionctl("decide", tmp_path / "s.json")

    assert 2 == code, printed
    assert "s.json" in printed or "stages: must contain" in printed
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
def test_a_wrong_question_is_answered_with_what_is_wrong(decisionctl, arguments, says):
    """
    Unknown names, half names and no names: exit code 2 and the word that is wrong.
    """
    code, printed = decisionctl(*arguments, **({"address": ""} if len(arguments) == 1 else {}))

    assert 2 == code, printed
    assert says in printed


@pytest.mark.parametrize("text", ["{", "- a list", "a: &a [*a]", "[" * 50_000, "\x00", "a: b\na: c", ""])
def test_a_file_that_is_no_policy_is_refused_with_its_place(decisionctl, tmp_path, text):
    """
    file:line:column of what is wrong.
    """
    folder = tmp_path / "replenishment"
    shutil.copytree(ROOT / "policies" / "replenishment", folder)
    shutil.copy(ROOT / "policies" / "charter.yaml", folder)
    (folder / "review.yaml").write_text(text)

    code, printed = decisionctl("policy", "check", folder)

    assert 2 == code, printed
    assert "review.yaml" in printed


def test_a_service_that_is_not_there_is_unavailable(decisionctl):
    """
    Exit code 3: try again, rather than correct the input.
    """
    code, printed = decisionctl("decisions", "list", "--timeout", "5", address="127.0.0.1:9")

    assert 3 == code, printed
    assert "127.0.0.1:9" in printed
