"""SIGKILL at random moments under load: what was acknowledged is there, and the log verifies."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import grpc
import pytest

from decision_service.cli.audit import SERVICE as AUDIT
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.cli.session import ADDRESS, Options, Session
from decision_service.v1 import audit_service_pb2, decision_pb2, planning_pb2
from decision_service.v1 import decision_service_pb2 as pb

ROUNDS = 100
CLIENTS = 4


class Nursery:
    """Services on one store, one after the other, each of which can be killed."""

    def __init__(self, data):
        self.data = data
        command = [sys.executable, str(Path(__file__).parent / "nursery.py")]
        environment = os.environ | {"DECISION_SERVICE_WORKERS": "1"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def start(self):
        """Address of a new service; its process is `pid`."""
        file = self.data / ADDRESS
        file.unlink(missing_ok=True)
        self.process.stdin.write(f"{self.data}\n")
        self.process.stdin.flush()
        self.pid = int(self.process.stdout.readline())
        for _ in range(2400):
            if file.exists() and file.read_text():
                return file.read_text()
            assert self.is_alive(), (self.data / "service.log").read_text()[-2000:]
            time.sleep(0.02)
        raise AssertionError("the service did not start")

    def session(self, address):
        channel = grpc.insecure_channel(address)
        return Session(channel, Options(address, self.data, "erp-1", "", False, 10.0))

    def is_alive(self):
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        while self.is_alive():
            time.sleep(0.001)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


@pytest.fixture
def nursery(tmp_path):
    running = Nursery(tmp_path)
    yield running
    running.close()


def judgement(number, snapshot, lane):
    """A small request: judge one proposed order."""
    return pb.DecideRequest(
        request_id=f"r{number}",
        snapshot=snapshot,
        mode=decision_pb2.DECISION_MODE_JUDGE,
        proposals=[pb.OrderProposal(id="p", lane=lane, quantity=10)],
    )


def load(session, snapshot, lane, numbers, acknowledged, stop):
    """Ask until told to stop or the service is gone; note what was acknowledged."""
    while not stop.is_set():
        number = next(numbers)
        try:
            response = session.call(DECISIONS, "Decide", judgement(number, snapshot, lane))
        except grpc.RpcError:
            return
        acknowledged[number] = response.decision.name


def one_round(nursery, session, request, acknowledged, chance):
    """Clients ask until the service is killed, at a random moment after the first acknowledgement."""
    stop, before = threading.Event(), len(acknowledged)
    arguments = (session, *request, acknowledged, stop)
    threads = [threading.Thread(target=load, args=arguments) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while len(acknowledged) == before and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(chance.uniform(0.0, 0.3))
    nursery.kill()
    stop.set()
    for thread in threads:
        thread.join()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_acknowledged_decision_is_lost(nursery, root, example, govern):
    """
    100 rounds: every acknowledged name is found under its request_id, nothing is torn, the log verifies.
    """
    chance, acknowledged = random.Random(20261124), {}
    snapshot = planning_pb2.Snapshot()
    snapshot.CopyFrom(example)
    request = (snapshot, snapshot.lanes[0].id, count())
    session = nursery.session(nursery.start())
    govern(session, root / "examples" / "bundled" / "replenishment-0.9.0")
    for _ in range(ROUNDS):
        one_round(nursery, session, request, acknowledged, chance)
        session = nursery.session(nursery.start())
    found = {n: session.call(DECISIONS, "Decide", judgement(n, *request[:2])) for n in acknowledged}
    verified = session.call(AUDIT, "VerifyLog", audit_service_pb2.VerifyLogRequest())
    nursery.kill()

    assert acknowledged == {n: r.decision.name for n, r in found.items()}
    assert all(r.is_repeat for r in found.values())
    assert [] == list(verified.problems)
    assert verified.entries >= len(acknowledged) >= ROUNDS
