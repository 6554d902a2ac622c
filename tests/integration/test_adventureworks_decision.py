"""The real ERP export from end to end on the command line: import, decide, verify, replay."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def decisionctl(*arguments, cwd):
    """The JSON that a command prints; it must succeed."""
    command = [sys.executable, "-m", "decision_service", *map(str, arguments), "--json"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=800, check=False)
    assert 0 == done.returncode, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def work(tmp_path_factory, adventureworks):
    """A folder with the shipped policies and the imported snapshot."""
    folder = tmp_path_factory.mktemp("adventureworks")
    for name in ("policies", "examples"):
        (folder / name).symlink_to(ROOT / name)
    decisionctl("import", "--mapping", "examples/adventureworks", adventureworks, "-o", "aw.json", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def snapshot(work):
    return json.loads((work / "aw.json").read_text())


@pytest.fixture(scope="module")
def decision(work):
    return decisionctl("decide", "aw.json", cwd=work)


def test_orders_go_to_active_vendors_only(snapshot, decision):
    """
    No order at an inactive vendor, though the export offers some.
    """
    inactive = {s["id"] for s in snapshot["suppliers"] if not s["is_active"]}

    assert inactive
    assert set() == {o.get("supplier", "") for o in decision["orders"]} & inactive


def test_every_order_respects_its_lane(snapshot, decision):
    """
    At least the minimum, at most the maximum, a whole multiple.
    """
    lanes = {lane["id"]: lane for lane in snapshot["lanes"]}
    wrong = []
    for order in decision["orders"]:
        lane, quantity = lanes[order["lane"]], order["quantity"]
        lots = quantity / lane["multiple"] if lane.get("multiple") else round(quantity)
        if not (
            lane.get("minimum", 0) - 1e-6 <= quantity <= (lane.get("maximum") or float("inf")) + 1e-6
            and abs(lots - round(lots)) < 1e-6
        ):
            wrong.append(order["id"])

    assert [] == wrong


def test_no_order_is_due_before_it_can_arrive(snapshot, decision):
    """
    The due day is the order day and the lane's lead time, or later.
    """
    from datetime import date

    lanes = {lane["id"]: lane for lane in snapshot["lanes"]}
    early = [
        o["id"]
        for o in decision["orders"]
        if (date.fromisoformat(o["due_date"]) - date.fromisoformat(o["order_date"])).days
        < lanes[o["lane"]].get("lead_time", 0)
    ]

    assert [] == early


def test_every_contradiction_is_in_the_decision(snapshot, decision):
    """
    What the mapping found comes back as exceptions, with what was done, beside what planning found.
    """
    found = Counter((e["kind"], e["subject"]) for e in snapshot["exceptions"])
    told = Counter((e["kind"], e["subject"]) for e in decision["exceptions"])

    assert Counter() == found - told
    assert all(e["action"] for e in decision["exceptions"])


def test_both_solves_are_proven(decision):
    """
    Safety stock to optimality, orders within 1 % of their bound.
    """
    reports = {r["name"]: r for r in decision["reports"]}

    assert "OPTIMAL" == reports["safety-stock"]["termination"]
    assert reports["orders"]["gap"] < 0.01


def test_the_log_holds_and_the_replay_is_identical(work, decision):
    """
    Another process verifies the log and gets the same decision from the recorded inputs.
    """
    verified = decisionctl("audit", "verify", cwd=work)
    replayed = decisionctl("decisions", "replay", decision["name"], cwd=work)

    assert [] == verified["problems"]
    assert ("IDENTICAL", []) == (replayed["outcome"], replayed["differences"])
