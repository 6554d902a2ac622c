"""
Replay of many decisions, each planned with the shipped release, in another process.

    python tests/benchmarks/soak_replay.py [--bundled 20] [--adventureworks FOLDER --count 20]

A plan of AdventureWorks takes most of a minute, and is made twice.
"""

import argparse
import importlib.util
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

import test_replay as replay
from report import Row, publish

from decision_service.api import convert
from decision_service.cli.snapshot_file import read_message
from decision_service.ingest import import_snapshot
from decision_service.v1 import planning_pb2

ROOT = Path(__file__).resolve().parents[2]


def start_service(data):
    """The service of the tests, from their conftest."""
    spec = importlib.util.spec_from_file_location("house", ROOT / "tests" / "conftest.py")
    house = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(house)
    return house.Service(data)


def soak(case, snapshot, count):
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        service = start_service(data)
        service.govern(ROOT / "policies" / "replenishment")
        started = time.perf_counter()
        replay.decide_many(service, snapshot, count, count)
        service.close()
        print(f"{case}: {count} plans in {time.perf_counter() - started:.0f} s", flush=True)
        _, found = replay.replay_elsewhere(data)
    identical = found["identical"]
    return Row(
        case, f"of {count} replayed byte for byte", identical, None, "", None, "all", identical == count
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundled", type=int, default=20)
    parser.add_argument("--adventureworks", type=Path)
    parser.add_argument("--count", type=int, default=20)
    given = parser.parse_args()
    rows = [
        soak("bundled example", read_message(ROOT / "examples" / "bundled" / "snapshot.json"), given.bundled)
    ]
    if given.adventureworks:
        read = import_snapshot(ROOT / "examples" / "adventureworks", given.adventureworks)
        rows.append(soak("AdventureWorks", convert.render(read, planning_pb2.Snapshot()), given.count))
    publish("replay", rows)


if __name__ == "__main__":
    main()
