"""
Chaos for minutes: three replicas on one PostgreSQL and a Dask cluster of two workers, killed under load.

    MINUTES=10 SEED=1 python tests/benchmarks/bench_replicas.py

Replicas, the one that sequences, PostgreSQL and workers are killed with SIGKILL in random order; clients
repeat what is not answered, elsewhere and under the same request_id. Afterwards every answer has to
stand in the log, every request to be decided once, and the log to verify.
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # as tests/conftest.py has it
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "crash"))

import chaos
from conftest import _govern as govern
from report import Row, publish

from decision_service.cli.snapshot_file import read_message

ROOT = Path(__file__).parents[2]


def main():
    minutes, seed = (
        float(os.environ.get("MINUTES", "10")),
        int(os.environ.get("SEED", time.time_ns() % 10**9)),
    )
    print(f"{minutes:g} minutes, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user
        town = chaos.Town(Path(folder))
        try:
            example = read_message(ROOT / "examples" / "bundled" / "snapshot.json")
            policies = ROOT / "examples" / "bundled" / "replenishment-0.9.0"
            town.govern(govern, policies)
            report = chaos.unleash(town, example, 60 * minutes, random.Random(seed))
        finally:
            town.close()
    for problem in (
        *report.ended,
        *report.fallen,
        *report.unexpected,
        *report.unanswered,
        *report.lost,
        *report.doubled,
    )[:20]:
        print(problem)
    publish("replicas", rows_of(report))
    sys.exit(not report.holds)


def rows_of(report):
    print("killed:", ", ".join(f"{n} {kind}" for kind, n in sorted(report.kills.items())))
    case = f"{report.seconds:.0f} s, {sum(report.kills.values())} kills"
    problems = report.verified.get("problems", ["not verified"])

    def none(metric, wrong):
        return Row(case, metric, len(wrong), None, "", None, "none", not wrong)

    return [
        Row(case, "requests answered", report.requests, None, "", None, "", None),
        Row(case, "plans made", report.planned, None, "", None, "", None),
        Row(case, "retries of clients", report.retries, None, "", None, "", None),
        Row(case, "replicas that ended while they started", len(report.ended), None, "", None, "", None),
        Row(case, "seconds until the last was answered", report.longest, None, "", None, "", None),
        none("replicas that ended by themselves while they served", report.fallen),
        none("requests that were never answered", report.unanswered),
        none("errors that a client should not see", report.unexpected),
        none("answers that the log does not hold", report.lost),
        none("requests decided twice", report.doubled),
        none(f"problems of a log of {report.entries} entries", problems),
    ]


if __name__ == "__main__":
    main()
