"""The engines alone on the command line: the shapes that other people's scripts read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "bundled" / "snapshot.json"
WILLEMS = ROOT.parent / "shared" / "data" / "willems"


def printed(*arguments):
    """The JSON that a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "decision_service", *map(str, arguments), "--json"],
        capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


STAGE = {
    "stage",
    "service_time_in",
    "service_time_out",
    "net_replenishment_time",
    "safety_stock",
    "base_stock",
    "cost",
}


def test_safety_stock_of_a_snapshot():
    """
    Cost, bound, gap and every stage, whose costs add up.
    """
    found = printed("optimize", "safety-stock", EXAMPLE)

    assert {"cost", "bound", "gap", "termination", "seconds", "stages"} == set(found)
    assert STAGE == set(found["stages"][0])
    assert "OPTIMAL" == found["termination"]
    assert pytest.approx(sum(s["cost"] for s in found["stages"]), rel=1e-9) == found["cost"]


def test_a_stage_is_explained():
    """
    `--explain` says what the stage waits for, what a day less saves, and which dearer holding moves its stock.
    """
    found = printed("optimize", "safety-stock", EXAMPLE, "--explain", "MACHINE-PRO@PLANT-BRNO")

    assert {
        "stage", "why", "safety_stock", "waits_for", "promises_to", "day_of_lead_time", "point_of_service",
        "unit_of_capacity", "shift",
    } == set(found)  # fmt: skip
    assert found["why"].startswith("`MACHINE-PRO@PLANT-BRNO` waits 42 days for BOILER@PLANT-BRNO")
    assert {"MACHINE-PRO@DC-NORTH": 0.0, "MACHINE-PRO@DC-SOUTH": 0.0} == found["promises_to"]
    assert min(found["day_of_lead_time"], found["point_of_service"]) > 0.0
    assert found["shift"]["stages"]["MACHINE-PRO@PLANT-BRNO"] < 0.0


@pytest.mark.skipif(not WILLEMS.is_dir(), reason="the Willems chains are not here")
def test_safety_stock_of_a_published_chain():
    """
    `--format willems` gives the published instance's proven optimum.
    """
    optima = json.loads((WILLEMS / "optima.json").read_text())
    found = printed("optimize", "safety-stock", WILLEMS / "chain_08.json", "--format", "willems")

    assert "OPTIMAL" == found["termination"]
    assert pytest.approx(optima["chains"]["08"]["optimum"], rel=1e-7) == found["cost"]


def test_orders_of_a_snapshot():
    """
    Objective, bound, gap, orders, and what gave way.
    """
    found = printed("optimize", "orders", EXAMPLE)

    assert {"objective", "bound", "gap", "termination", "seconds", "orders", "gave_way"} == set(found)
    assert found["bound"] <= found["objective"] * (1 + 1e-9)
    assert pytest.approx((found["objective"] - found["bound"]) / found["objective"], abs=1e-4) == found["gap"]


def test_the_frontier_rises_and_a_budget_picks_its_point(tmp_path):
    """
    More service costs more capital; the picture is a picture.
    """
    picture = tmp_path / "frontier.svg"
    found = printed(
        "optimize",
        "frontier",
        EXAMPLE,
        "--level",
        0.8,
        "--level",
        0.95,
        "--budget",
        60_000,
        "--picture",
        picture,
    )
    capital = [p["capital"] for p in found["frontier"]]
    service = [p["service"] for p in found["frontier"]]

    assert (sorted(capital), sorted(service)) == (capital, service)
    assert found["chosen"] == max(
        (p for p in found["frontier"] if p["capital"] <= 60_000), key=lambda p: p["service"]
    )
    assert b"<svg" in picture.read_bytes()
