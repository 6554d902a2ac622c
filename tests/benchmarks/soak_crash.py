"""
Crashes by the hundred: the crash tests of the log with as many rounds as wanted.

    python tests/benchmarks/soak_crash.py [--writer 350] [--sequencer 110] [--postgres 40]

Every round kills with SIGKILL at a random moment under load; afterwards every acknowledged entry has
to be where it was said to be, without gap or fork, and the whole log has to verify.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "crash" / "audit"))

import test_ledger_crash as crash
from report import Row, publish

from audit import upgrade


def soak_writer(folder, rounds, chance):
    url, path = f"sqlite:///{folder}/ledger.db", folder / "acknowledged"
    upgrade(url, crash.MIGRATIONS)
    crash.kill_writers(url, path, rounds, chance)
    return crash.check(url, path)


def soak_sequencer(folder, rounds, chance):
    server, url = crash.start_postgres(folder)
    crash.kill_sequencers(url, folder / "acknowledged", rounds, chance)
    count = crash.check(url, folder / "acknowledged")
    server.cleanup()
    return count


def soak_postgres(folder, rounds, chance):
    server, url = crash.start_postgres(folder)
    crash.kill_postgres(server, url, folder / "acknowledged", rounds, chance)
    count = crash.check(url, folder / "acknowledged")
    server.cleanup()
    return count


SOAKS = {
    "writer": ("SQLite writer killed", 350, soak_writer),
    "sequencer": ("PostgreSQL sequencer killed", 110, soak_sequencer),
    "postgres": ("PostgreSQL itself killed", 40, soak_postgres),
}


def main():
    parser = argparse.ArgumentParser()
    for name, (_, rounds, _soak) in SOAKS.items():
        parser.add_argument(f"--{name}", type=int, default=rounds)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    given = parser.parse_args()
    print(f"seed {given.seed}")
    rows = []
    for name, (case, _, soak) in SOAKS.items():
        rounds = getattr(given, name)
        if not rounds:
            continue
        with tempfile.TemporaryDirectory() as folder:
            acknowledged = soak(Path(folder), rounds, random.Random(given.seed))
        metric = f"acknowledged entries, of which lost in {rounds} rounds: 0"
        rows.append(Row(case, metric, acknowledged, None, "", None, "none lost, no gap, no fork", True))
    publish("crash", rows)


if __name__ == "__main__":
    main()
