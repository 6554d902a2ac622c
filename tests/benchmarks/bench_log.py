"""
The decision log beside the ways it could have been written: ratios measured in one run.

    python tests/benchmarks/bench_log.py [ENTRIES]

Rounds of ours and of the peer alternate, so that both meet the same load of the machine. ENTRIES
(1,000,000 by default) is the size at which verification, proofs and reads are measured.
"""

import random
import resource
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import log_replicas
from log_replicas import ARTIFACTS, BODY, MIGRATIONS, SIGNER, new
from report import Row, publish

from audit import LedgerView, NewEntry, open_ledger, upgrade, verify_ledger
from audit.opening import now
from audit.prepared import prepare
from audit.sequence import Sequencing
from audit.sql import SqlStore
from audit.sql.sqlite import connect_sqlite

ROUNDS, SECONDS = 5, 2.0


def rate(clients, act):
    """
    Calls a second that many clients get through in a closed loop.
    """
    stop = time.perf_counter() + SECONDS

    def work(client):
        done = 0
        while time.perf_counter() < stop:
            act(client)
            done += 1
        return done

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(work, range(clients))) / SECONDS


def paired(clients, ours, peer):
    rounds = [(rate(clients, ours), rate(clients, peer)) for _ in range(ROUNDS)]
    return (
        median(one for one, _ in rounds),
        median(two for _, two in rounds),
        median(one / two for one, two in rounds),
    )


def names():
    lock, number = threading.Lock(), iter(range(10**9))

    def take():
        with lock:
            return next(number)

    return take


def compare_commits(folder):
    """
    SQLite at 32 in flight: the group writer against a transaction a call.
    """
    stores = []
    for name in ("ours", "peer"):
        url = f"sqlite:///{folder}/{name}.db"
        upgrade(url, MIGRATIONS)
        stores.append(url)
    ledger, take = open_ledger(stores[0], SIGNER), names()
    single = Sequencing(SqlStore(*connect_sqlite(stores[1])), (SIGNER,), now)
    door = threading.Lock()

    def commit_per_call(_client):
        request = (prepare(new(take()), b"s" * 16),)
        with door:
            single.run([request])

    ours, peer, ratio = paired(32, lambda _client: ledger.append(new(take())), commit_per_call)
    ledger.close()
    return Row("SQLite, 32 in flight", "entries/s", ours, peer, "commit per call", ratio, ">= 4x", ratio >= 4)


def measure_building():
    news, moment = [new(place) for place in range(5000)], now()
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for place, each in enumerate(news):
            prepare(each, b"s" * 16).at(place, moment)
        rounds.append((time.process_time() - started) / len(news) * 1e6)
    return Row("building an entry", "us CPU", min(rounds), None, "", None, "<= 30 us", min(rounds) <= 30)


def fill(store, count):
    """
    A log of that many entries, written in full batches; payloads on every tenth.
    """
    sequencing = Sequencing(store, (SIGNER,), now)
    for first in range(0, count, 256):
        batch = range(first, min(first + 256, count))
        news = [
            NewEntry(
                "decision.v1",
                f"decisions/{n}",
                BODY | {"name": str(n)},
                payload=b"p" * 775 if n % 10 == 0 else b"",
                artifacts=ARTIFACTS,
                key=f"r{n}",
            )
            for n in batch
        ]
        sequencing.run([(prepare(each, b"s" * 16),) for each in news])


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_at_size(folder, count):
    url = f"sqlite:///{folder}/large.db"
    upgrade(url, MIGRATIONS)
    store = SqlStore(*connect_sqlite(url))
    started = time.process_time()
    fill(store, count)
    print(f"{count} entries written at {count / (time.process_time() - started):,.0f}/s CPU")
    view = LedgerView(store)
    chance = random.Random(1)
    peaks = []
    started = time.process_time()
    verification = verify_ledger(
        view, [SIGNER.verifier], progress=lambda done: peaks.append((done, memory()))
    )
    speed = count / (time.process_time() - started)
    assert verification.holds, verification.problems
    early = next(peak for done, peak in peaks if done >= min(count, 50_000))
    growth = peaks[-1][1] - early
    proof = timed(lambda: view.prove_inclusion(chance.randrange(count), count))
    consistency = timed(lambda: view.prove_consistency(chance.randrange(1, count), count))
    reading = timed(lambda: read_with_lineage(view, chance.randrange(count)))
    size = f"{count:,} entries"
    return [
        Row(size, "verified/s of one core", speed, None, "", None, ">= 100,000/s", speed >= 100_000),
        Row(
            size,
            "MB more memory after the first 50,000",
            growth,
            None,
            "",
            None,
            "flat: <= 20 MB",
            growth <= 20,
        ),
        Row(size, "ms CPU an inclusion proof, median", proof, None, "", None, "< 1 ms", proof < 1),
        Row(
            size, "ms CPU a consistency proof, median", consistency, None, "", None, "< 1 ms", consistency < 1
        ),
        Row(
            size,
            "ms CPU a decision with its lineage, median",
            reading,
            None,
            "",
            None,
            "< 10 ms",
            reading < 10,
        ),
    ]


def read_with_lineage(view, number):
    """
    What `decisions lineage` reads: the entry, its payload, everything it names, and its proof.
    """
    (entry,) = view.by_subject(f"decisions/{number}")
    view.payload(entry.seq)
    for digest in entry.header.artifacts:
        view.artifact(digest)
    view.bundle(entry.seq)


def timed(act):
    """
    Median CPU milliseconds of a call: what is waited for on a busy machine is the machine's.
    """
    durations = []
    for _ in range(500):
        started = time.thread_time()
        act()
        durations.append((time.thread_time() - started) * 1e3)
    return median(durations)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            measure_building(),
            compare_commits(folder),
            *log_replicas.compare(1),
            *log_replicas.compare(4),
            *measure_at_size(folder, count),
        ]
    publish("log", rows)


if __name__ == "__main__":
    main()
