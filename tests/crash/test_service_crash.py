"""SIGKILL at random moments under load: what was acknowledged is there, and the log verifies."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from itertools import count

import grpc
import pytest

from decision_service.cli.audit import SERVICE as AUDIT
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.cli.session import ADDRESS, Options, Session
from decision_service.v1 import audit_service_pb2, decision_pb2, planning_pb2
from decision_service.v1 import decision_service_pb2 as pb

ROUNDS = 100
CLIENTS = 4


class Process:
    """`decisionctl serve` as a process that can be killed."""

    def __init__(self, data):
        self.data = data
        (data / ADDRESS).unlink(missing_ok=True)
        command = [sys.executable, "-m", "decision_service", "serve", "--data", str(data)]
        environment = os.environ | {
            "DECISION_SERVICE_ADDRESS": "127.0.0.1:0",
            "DECISION_SERVICE_WORKERS": "1",
        }
        self.log = (data / "service.log").open("a")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment)
        self.address = self._wait()

    def _wait(self):
        for _ in range(2400):
            file = self.data / ADDRESS
            if file.exists() and file.read_text():
                return file.read_text()
            assert self.process.poll() is None, (self.data / "service.log").read_text()[-2000:]
            time.sleep(0.05)
        raise AssertionError("the service did not start")

    def session(self):
        channel = grpc.insecure_channel(self.address)
        return Session(channel, Options(self.address, self.data, "erp-1", "", False, 10.0))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()


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


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_acknowledged_decision_is_lost(tmp_path, root, example, govern):
    """
    100 rounds: every acknowledged name is found under its request_id, nothing is torn, the log verifies.
    """
    seed = random.Random(20261124)
    numbers, acknowledged = count(), {}
    snapshot = planning_pb2.Snapshot()
    snapshot.CopyFrom(example)
    service = Process(tmp_path)
    govern(service.session(), root / "policies" / "replenishment")
    for _ in range(ROUNDS):
        stop, session = threading.Event(), service.session()
        threads = [
            threading.Thread(
                target=load, args=(session, snapshot, snapshot.lanes[0].id, numbers, acknowledged, stop)
            )
            for _ in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        time.sleep(seed.uniform(0.05, 0.4))
        service.kill()
        stop.set()
        for thread in threads:
            thread.join()
        service = Process(tmp_path)
    session = service.session()
    found = {
        n: session.call(DECISIONS, "Decide", judgement(n, snapshot, snapshot.lanes[0].id))
        for n in acknowledged
    }
    verified = session.call(AUDIT, "VerifyLog", audit_service_pb2.VerifyLogRequest())
    service.kill()

    assert acknowledged == {n: r.decision.name for n, r in found.items()}
    assert all(r.is_repeat for r in found.values())
    assert [] == list(verified.problems)
    assert verified.entries >= len(acknowledged) > ROUNDS
