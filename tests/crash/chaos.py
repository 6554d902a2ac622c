"""
Chaos: replicas on one PostgreSQL and a Dask cluster, each of which is killed while clients ask.

Clients repeat a request, at another replica and under the same request_id, until it is answered. What
must hold afterwards: every answer stands in the log, every request was decided once, the log verifies.
"""

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "audit"))

import grpc
import psycopg
import test_ledger_crash as crash
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration

from audit import create_signer, open_view
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.cli.session import Options, Session
from decision_service.usecases import records
from decision_service.v1 import decision_pb2, planning_pb2
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import solve_service_pb2 as solve_pb

SOLVES = solve_pb.DESCRIPTOR.services_by_name["SolveService"]
OPERATIONS = operations_pb2.DESCRIPTOR.services_by_name["Operations"]
CLIENTS = 6
KINDS = ("worker", "service", "sequencer", "postgres")
PLAN_EVERY, BOTH_EVERY = 50, 5  # every so many requests is planned; is sent to two replicas at once
OPERATION_EVERY = 25  # is planned as an operation, asked after at whichever replica answers
PATIENCE = 240.0  # seconds in which a request must be answered, whatever is killed meanwhile
AGAIN = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "CANCELLED"})
_LEADER = """
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND classid = %s AND objid = %s
"""
_LEAD = 0x6C65646702  # the lock of the sequencer, see audit.sql.postgres
_QUICK = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500))
# Channels to one address share a connection, and one to a dead replica may still look ready.
_OWN = (*_QUICK, ("grpc.use_local_subchannel_pool", 1))


@dataclass(slots=True)
class Report:
    """What happened, and what of it must not have."""

    seconds: float = 0.0
    requests: int = 0
    planned: int = 0
    retries: int = 0
    kills: Counter = field(default_factory=Counter)
    ended: list = field(default_factory=list)  # replicas that ended while they started, and their last words
    fallen: list = field(default_factory=list)  # replicas that ended by themselves while they served
    longest: float = 0.0  # seconds until a request was answered
    unanswered: list = field(default_factory=list)
    unexpected: list = field(default_factory=list)  # errors that no client should see
    lost: list = field(default_factory=list)
    doubled: list = field(default_factory=list)
    verified: dict = field(default_factory=dict)
    entries: int = 0

    @property
    def holds(self):
        wrong = (
            self.unanswered,
            self.unexpected,
            self.lost,
            self.doubled,
            self.fallen,
            self.verified.get("problems", True),
        )
        return not any(wrong) and self.requests > 0


def free_port():
    """A port that no connection takes by itself: not of the range that the system gives out."""
    chance = random.SystemRandom()
    while True:
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port := chance.randrange(20_000, 32_000)))
            return port


class Town:
    """Everything that runs: PostgreSQL, the replicas, the cluster."""

    def __init__(self, folder, replicas=3, workers=2):
        self.folder = folder
        self.server, self.url = crash.start_postgres(folder / "postgres")
        self.scheduler = f"tcp://127.0.0.1:{free_port()}"
        self.processes = [self._dask("scheduler", "--port", self.scheduler.rpartition(":")[2])]
        self.workers = [self._worker() for _ in range(workers)]
        self.folders = [folder / f"replica-{n}" for n in range(replicas)]
        self.addresses = [f"127.0.0.1:{free_port()}" for _ in range(replicas)]
        self.pids = [0] * replicas
        self.ended = []  # what replicas said that could not start
        self.fallen = []  # and those that ended while they served
        for data in self.folders:
            data.mkdir()
            if data == self.folders[0]:
                create_signer(data / "signing.key", "example.com/chaos")
            else:
                shutil.copy(self.folders[0] / "signing.key", data)
        settings = {"WORKERS": "1", "DATABASE": self.url, "DASK": self.scheduler}
        variables = {f"DECISION_SERVICE_{name}": value for name, value in settings.items()}
        self.nursery = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "nursery.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | variables | {"PYTHONFAULTHANDLER": "1"},  # a crash says where
        )
        for number in range(replicas):
            self.start(number)

    def _dask(self, what, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments, "--no-dashboard"]
        log = (self.folder / f"{what}.log").open("ab")
        environment = os.environ | {"DASK_TEMPORARY_DIRECTORY": str(self.folder / "dask")}
        return subprocess.Popen([*command, "--host", "127.0.0.1"], stdout=log, stderr=log, env=environment)

    def _worker(self):
        return self._dask("worker", self.scheduler, "--nthreads", "1", "--no-nanny")

    def start(self, number):
        """A replica, in its folder, at its address."""
        self.nursery.stdin.write(f"{self.folders[number]}\t{self.addresses[number]}\n")
        self.nursery.stdin.flush()
        self.pids[number] = int(self.nursery.stdout.readline())

    def wait(self, number):
        """Until a replica answers at its address; one that ended by itself is started again, as a unit is."""
        until = time.monotonic() + 90
        with grpc.insecure_channel(self.addresses[number], options=_OWN) as channel:
            ready = grpc.channel_ready_future(channel)
            while not ready.done():
                assert time.monotonic() < until, self._said(number)
                if not _is_alive(self.pids[number]):
                    self.ended.append(self._said(number))
                    self.start(number)
                time.sleep(0.1)

    def keep_up(self):
        """Start again what ended by itself while it served."""
        for number, pid in enumerate(self.pids):
            if not _is_alive(pid):
                self.fallen.append(self._said(number))
                self.start(number)
                self.wait(number)

    def end(self, number):
        """Kill a replica; its port and the lock on its folder are free afterwards."""
        until = time.monotonic() + 30
        crash.kill(self.pids[number])
        while _is_alive(self.pids[number]):
            assert time.monotonic() < until, f"replica {number} does not die"
            time.sleep(0.01)

    def _said(self, number):
        log = self.folders[number] / "service.log"
        return log.read_text()[-6000:] if log.exists() else ""

    def govern(self, govern, policies):
        """When all answer, let a release govern."""
        for number in range(len(self.pids)):
            self.wait(number)
        govern(self.session(0), policies)

    def session(self, number, actor="erp-1"):
        channel = grpc.insecure_channel(self.addresses[number], options=_QUICK)
        address = self.addresses[number]
        return Session(channel, Options(address, self.folders[number], actor, "", False, 60.0))

    def leader(self):
        """The replica that sequences, as soon as one does."""
        for _ in range(200):
            with psycopg.connect(self.url) as connection:
                found = connection.execute(_LEADER, (_LEAD >> 32, _LEAD & 0xFFFFFFFF)).fetchone()
            if found:
                return int(found[0].rpartition("-")[2])
            time.sleep(0.05)
        raise AssertionError("no replica sequences")

    def kill(self, kind, chance):
        """Kill one of a kind and start it again."""
        if kind == "worker":
            number = chance.randrange(len(self.workers))
            self.workers[number].kill()
            self.workers[number].wait()
            self.workers[number] = self._worker()
        elif kind == "postgres":
            crash.kill_server(self.server)
            time.sleep(chance.uniform(0.0, 1.0))
            crash.start_again(self.server)
        else:
            number = self.leader() if kind == "sequencer" else chance.randrange(len(self.pids))
            self.end(number)
            time.sleep(chance.uniform(0.0, 1.0))
            self.start(number)
            self.wait(number)

    def close(self):
        for pid in self.pids:
            crash.kill(pid)
        self.nursery.stdin.close()
        self.nursery.wait(timeout=30)
        for process in (*self.workers, *self.processes):
            process.kill()
            process.wait()
        self.server.cleanup()


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Clients:
    """Requests, and what was answered to each."""

    def __init__(self, town, example, report):
        self.town, self.report = town, report
        self.snapshot = planning_pb2.Snapshot()
        self.snapshot.CopyFrom(example)
        self.short = planning_pb2.Snapshot()
        self.short.CopyFrom(example)
        self.short.horizon = 2
        self.numbers, self.answers = count(), defaultdict(set)
        self.sessions = [town.session(number) for number in range(len(town.pids))]
        self.stop = threading.Event()
        self.door = threading.Lock()

    def request(self, number):
        """A judgement of one proposal; now and then a plan, which a worker of the cluster makes."""
        if number % PLAN_EVERY == 1 or self.is_operation(number):
            return pb.DecideRequest(request_id=f"r{number}", snapshot=self.short)
        return pb.DecideRequest(
            request_id=f"r{number}",
            snapshot=self.snapshot,
            mode=decision_pb2.DECISION_MODE_JUDGE,
            proposals=[pb.OrderProposal(id="p", lane=self.snapshot.lanes[0].id, quantity=10 + number % 7)],
        )

    def is_operation(self, number):
        """Whether a request is started, to be asked after later."""
        return number % OPERATION_EVERY == 2

    def run(self, seed):
        """Ask until told to stop."""
        chance = random.Random(seed)
        with ThreadPoolExecutor(2) as both:
            while not self.stop.is_set():
                number = next(self.numbers)
                first = chance.randrange(len(self.sessions))
                places = [first, first + 1] if number % BOTH_EVERY == 0 else [first]
                list(both.map(lambda place, n=number: self.ask(n, place), places))

    def ask(self, number, place):
        """One request, until it is answered."""
        request, started = self.request(number), time.monotonic()
        for attempt in count():
            try:
                name = self._decided(self._session(place + attempt), number, request)
            except grpc.RpcError as error:
                if not self._is_again(number, error, started):
                    return
            else:
                self._note(number, name, time.monotonic() - started)
                return

    def _decided(self, session, number, request):
        """The name of the decision; an operation that failed is asked for as a call, as a client would."""
        if self.is_operation(number):
            name = session.call(SOLVES, "StartDecide", solve_pb.StartDecideRequest(decide=request)).name
            operation = wait_for(session, name)
            if operation.HasField("response"):
                return decision_of(operation)
        return session.call(DECISIONS, "Decide", request).decision.name

    def _session(self, place):
        return self.sessions[place % len(self.sessions)]

    def _is_again(self, number, error, started):
        with self.door:
            if error.code().name not in AGAIN:
                self.report.unexpected.append(f"r{number}: {error.code().name} {error.details()}")
                return False
            if time.monotonic() - started > PATIENCE:
                self.report.unanswered.append(f"r{number}: {error.code().name} {error.details()}")
                return False
            self.report.retries += 1
        time.sleep(0.1)
        return True

    def _note(self, number, name, seconds):
        with self.door:
            self.answers[f"r{number}"].add(name)
            self.report.longest = max(self.report.longest, seconds)


def wait_for(session, name, seconds=40):
    """An operation when it has ended, or UNAVAILABLE when it has not in this time."""
    request = operations_pb2.WaitOperationRequest(name=name, timeout=Duration(seconds=seconds))
    operation = session.call(OPERATIONS, "WaitOperation", request)
    if not operation.done:
        raise NotYetError(name)
    return operation


def decision_of(operation):
    """The name of what an operation decided."""
    response = pb.DecideResponse()
    assert operation.response.Unpack(response), operation
    return response.decision.name


class NotYetError(grpc.RpcError):
    """An operation is still at work: ask again."""

    def code(self):
        return grpc.StatusCode.UNAVAILABLE

    def details(self):
        return f"{self} is at work"


def unleash(town, example, seconds, chance, kinds=None, pause=(1.0, 4.0)):
    """
    Load for so many seconds while one after the other is killed; then the verdict.

    Parameters
    ----------
    kinds
        What is killed, in this order, once each; None = any, by chance, until the time is over.
    pause
        Seconds between two kills, from and to.
    """
    report = Report()
    clients = Clients(town, example, report)
    threads = [threading.Thread(target=clients.run, args=(chance.random(),)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    started = time.monotonic()
    planned = iter(kinds) if kinds is not None else (chance.choice(KINDS) for _ in count())
    for kind in planned:
        time.sleep(chance.uniform(*pause))
        if kinds is None and time.monotonic() - started > seconds:
            break
        town.keep_up()
        town.kill(kind, chance)
        report.kills[kind] += 1
    time.sleep(max(0.0, seconds - (time.monotonic() - started)))
    clients.stop.set()
    for thread in threads:
        thread.join()
    report.seconds = time.monotonic() - started
    town.keep_up()
    judge(town, clients.answers, report)
    return report


def judge(town, answers, report):
    """What was answered against what the log holds; and the log by itself, as an auditor would."""
    view = open_view(town.url)
    logged = defaultdict(list)
    for entry in view.scan():
        if entry.kind == records.DECISION:
            envelope = records.envelope_of(entry)
            logged[envelope["request_id"]].append(entry.subject)
            report.planned += envelope["mode"] == "PLAN"
    view.store.close()
    report.requests, report.ended, report.fallen = len(answers), town.ended, town.fallen
    report.lost = [r for r, names in answers.items() if not names <= set(logged[r])]
    report.doubled = [r for r in logged.keys() | answers.keys() if len({*logged[r], *answers[r]}) > 1]
    command = [str(Path(sys.executable).parent / "decisionctl"), "audit", "verify", "--json"]
    done = subprocess.run(
        [*command, "--address", town.addresses[0]], capture_output=True, text=True, check=False
    )
    report.verified = {"problems": [done.stdout[-500:] + done.stderr[-500:]]}
    with contextlib.suppress(json.JSONDecodeError):
        report.verified |= json.loads(done.stdout)
    report.entries = report.verified.get("entries", 0)
