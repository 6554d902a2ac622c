"""
The service beside an empty grpc.aio echo, called by the same client in the same rounds.

    SECONDS=3 ENTRIES=1000000 ENDURED=500000 python tests/benchmarks/bench_service.py

A run of a case lasts SECONDS. In each round the echo and the policy-only Decide take turns three times, for
the machine is not as fast in one second as in the next; the other cases come once. The service starts on a log
of ENTRIES; the growth of its memory is that of its resident set over ENDURED decisions, after as many to fill
what is bounded; resident memory moves by ten megabytes either way, which is much of few. The client is `h2load` (Debian: nghttp2-client), in C. It
sends the same bytes each time, so the benchmark's server gives every Decide a request_id of its own: each call
is decided and is durable (SQLite, synchronous=FULL) before it is answered. The snapshot, its proposals and the
decision that is read are the same each time, and the service remembers what follows from them: that is the call
of the goal. The case of other proposals has every call propose a quantity of its own on that snapshot, which is
judged and rendered anew; the case of new snapshots gives every call one of its own, which is read and named
besides. Plaintext on loopback; telemetry off, but for the second echo, which is observed as a call of ours is,
metrics only.
"""

import asyncio
import gc
import itertools
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import grpc
import psutil
import uvloop
from google.protobuf import text_format
from report import Row, publish

from decision_service.v1 import decision_pb2, planning_pb2
from decision_service.v1 import decision_service_pb2 as pb

ROOT = Path(__file__).resolve().parents[2]
ROUNDS, PAIRS, CONNECTIONS, STREAMS = 9, 3, 4, 8
ENTRIES, ENDURED = int(os.environ.get("ENTRIES", "1000000")), int(os.environ.get("ENDURED", "500000"))
OTHER, ANEW = "another-quantity", "another-snapshot"
QUANTITY = struct.pack("<d", 10.0)  # as it stands in a message
DECIDE = "/decision_service.v1.DecisionService/Decide"
GET = "/decision_service.v1.DecisionService/GetDecision"
SNAPSHOT = """
as_of: "2026-11-30" currency: "EUR" bucket_days: 7 horizon: 2
items { id: "bolt" unit: "EA" value: 2 abc: "A" }
locations { id: "dc" kind: LOCATION_KIND_DC region: "north" }
suppliers { id: "acme" is_active: true risk: 0.2 }
stages { id: "bolt@dc" item: "bolt" location: "dc" added_cost: 2 holding_rate: 0.2 on_hand: 5
         service_level { kind: SERVICE_LEVEL_KIND_CYCLE target: 0.95 } }
lanes { id: "buy" kind: LANE_KIND_PURCHASE stage: "bolt@dc" supplier: "acme" lead_time: 3 unit: "EA" unit_cost: 2
        fixed_cost: 5 minimum: 10 multiple: 5 }
demands { stage: "bolt@dc" kind: DEMAND_KIND_BACKORDER penalty: 1 mean: 20 mean: 30 std: 4 std: 4 }
"""


def request(items, person=""):
    """A judgement of so many proposals."""
    return pb.DecideRequest(
        request_id="bench",
        on_behalf_of=person,
        snapshot=text_format.Parse(SNAPSHOT, planning_pb2.Snapshot()),
        mode=decision_pb2.DECISION_MODE_JUDGE,
        proposals=[pb.OrderProposal(id=f"p{i}", lane="buy", quantity=10) for i in range(items)],
    )


# --- servers, each a process of its own ------------------------------------------------------


async def _echo(raw, context):
    return raw


async def _measured_echo(raw, context):
    from decision_service.api import telemetry

    with telemetry.Observation("echo.Echo/Echo", dict(context.invocation_metadata())):
        return raw


async def serve_echo(handler=_echo):
    """The least that grpc.aio can do."""

    class Echo(grpc.GenericRpcHandler):
        def service(self, details):
            return grpc.unary_unary_rpc_method_handler(handler)

    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Echo(),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


async def serve_measured_echo():
    """The echo, with what the service records of a call when only metrics are on."""
    from decision_service.observability import configure

    configure("prometheus", 0.0, 0)
    await serve_echo(_measured_echo)


def _asking_anew(raw, name):
    """A question that was not asked before: on the same snapshot, or on one of its own."""
    if OTHER.encode() in raw:
        before, _, after = raw.rpartition(QUANTITY)  # the lane's minimum comes before it
        return before + struct.pack("<d", 10.0 + 5 * (int(name) % 1_000_000)) + after
    source = planning_pb2.SourceFile(name=name.decode(), digest=f"sha256:{'0' * 64}", rows=1)
    # Messages given twice are merged: one more source makes another snapshot.
    return raw + pb.DecideRequest(snapshot=planning_pb2.Snapshot(sources=[source])).SerializeToString()


async def serve_ours(data):
    """The service; every DecideRequest gets a request_id of its own."""
    from decision_service.api import endpoint
    from decision_service.bootstrap import build
    from decision_service.cli.serve import settle
    from decision_service.config import Settings

    numbers, read = itertools.count(time.time_ns()), endpoint.read_request

    def numbered(kind, raw):
        if kind is pb.DecideRequest:
            name = b"%020d" % next(numbers)
            if b"another-" in raw:
                raw = _asking_anew(raw, name)
            raw += b"\x0a\x14" + name  # of a field given twice the last one holds
        return read(kind, raw)

    endpoint.read_request = numbered
    app = build(Settings(address="127.0.0.1:0", data=data, workers=1))
    running = await app.serve()
    settle()
    print(running.address.rpartition(":")[2], app.ledger.size, flush=True)
    await running.server.wait_for_termination()


class Server:
    """One of the two as a process."""

    def __init__(self, *arguments):
        command, started = [sys.executable, __file__, *map(str, arguments)], time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
        self.said = self.process.stdout.readline().split()
        self.seconds = time.perf_counter() - started  # the interpreter and all imports included
        self.port, self.is_ours = int(self.said[0]), arguments[0] == "ours"
        self.watched = psutil.Process(self.process.pid)

    def cpu(self):
        return sum(self.watched.cpu_times()[:2])

    def megabytes(self):
        return self.watched.memory_info().rss / 1e6

    def rest(self):
        """
        Wait until what earlier calls left behind is done: each measurement pays for its own calls only.
        """
        if self.is_ours:
            follow(self)
        for _ in range(600):
            before = self.cpu()
            time.sleep(0.1)
            if self.cpu() - before < 0.01:
                return
        raise AssertionError("the server does not come to rest")

    def close(self):
        self.process.kill()
        self.process.wait()


# --- the client ------------------------------------------------------------------------------


def load(server, path, body, seconds, folder, calls=0):
    """Calls a second, and CPU microseconds of the server a call; for so many seconds, or so many calls."""
    file = folder / "body"
    raw = body.SerializeToString()
    file.write_bytes(b"\x00" + len(raw).to_bytes(4, "big") + raw)
    extent = ["-n", str(calls)] if calls else ["-D", str(seconds)]
    command = ["h2load", *extent, "-c", str(CONNECTIONS), "-m", str(STREAMS), "-d", str(file)]
    headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    server.rest()
    before, started = server.cpu(), time.perf_counter()
    done = subprocess.run(
        [*command, *headers, f"http://127.0.0.1:{server.port}{path}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    took = seconds or time.perf_counter() - started
    server.rest()  # followers included
    used = server.cpu() - before
    succeeded = int(re.search(r"(\d+) succeeded", done).group(1))
    assert succeeded, done
    return succeeded / took, used / succeeded * 1e6


def follow(server):
    """
    Have the index and the order book, which lag until somebody asks, read all that is logged.
    """
    from decision_service.v1 import approval_service_pb2 as approval

    lists = {
        GET.replace("GetDecision", "ListDecisions"): pb.ListDecisionsRequest(page_size=1),
        "/decision_service.v1.ApprovalService/ListOrders": approval.ListOrdersRequest(page_size=1),
    }
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        for path, asked in lists.items():
            channel.unary_unary(path)(asked.SerializeToString(), timeout=300)


def check(server):
    """One call by a client that reads the answer: what is measured is right."""
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = channel.unary_unary(DECIDE, response_deserializer=pb.DecideResponse.FromString)
        responses = [call(request(1).SerializeToString()) for _ in range(2)]
    assert len({r.decision.name for r in responses}) == 2
    return responses[0].decision.name


def govern(server):
    """Let the shipped release govern."""
    from decision_service.cli.policy import SERVICE
    from decision_service.cli.policy_files import read_policy
    from decision_service.v1 import release_service_pb2 as release

    files = read_policy(ROOT / "policies" / "replenishment")
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:

        def call(verb, actor, message):
            path = f"/{SERVICE.full_name}/{verb}Release"
            read = getattr(release, f"{verb}ReleaseResponse").FromString
            return channel.unary_unary(path, response_deserializer=read)(
                message.SerializeToString(), metadata=(("decision-actor", actor),)
            )

        name = call("Publish", "ada.lind", release.PublishReleaseRequest(files=files)).release.name
        call("Propose", "ada.lind", release.ProposeReleaseRequest(name=name))
        call("Approve", "bruno.keller", release.ApproveReleaseRequest(name=name))
        call("Activate", "bruno.keller", release.ActivateReleaseRequest(name=name))


def measure(seconds, folder):
    """Rows of all cases."""
    echo, metered, ours = Server("echo"), Server("metered"), Server("ours", folder / "data")
    govern(ours)
    name = check(ours)
    bodies = {
        "other": (DECIDE, request(1, OTHER)),
        "anew": (DECIDE, request(1, ANEW)),
        "batch": (DECIDE, request(100)),
        "get": (GET, pb.GetDecisionRequest(name=name)),
    }
    found = {case: [] for case in ("decide", *bodies, "echo", "metered")}
    for number in range(ROUNDS * PAIRS):
        found["echo"].append(load(echo, "/echo/Echo", request(1), seconds, folder))
        found["decide"].append(load(ours, DECIDE, request(1), seconds, folder))
        if number % PAIRS:
            continue
        found["metered"].append(load(metered, "/echo/Echo", request(1), seconds, folder))
        for case, (path, body) in bodies.items():
            found[case].append(load(ours, path, body, seconds, folder))
    rate = {case: median(r for r, _ in rounds) for case, rounds in found.items()}
    cpu = {case: median(c for _, c in rounds) for case, rounds in found.items()}
    beside = list(zip(found["decide"], found["echo"], strict=True))
    times = median(full[1] / empty[1] for full, empty in beside)
    ratio = {"decide": median(full[0] / empty[0] for full, empty in beside)}
    for case in (*bodies, "metered"):  # of each round
        ratio[case] = median(a[0] / b[0] for a, b in zip(found[case], found["echo"][::PAIRS], strict=True))
    grown = growth(ours, folder)
    for server in (ours, echo, metered):
        server.close()
    return rows(rate, cpu, ratio, times, grown, *start_on(ENTRIES, folder / "large"))


def growth(server, folder):
    """Bytes of resident memory a decision, once what is bounded is full."""
    load(server, DECIDE, request(1), 0, folder, calls=ENDURED)
    before = server.megabytes()
    load(server, DECIDE, request(1), 0, folder, calls=ENDURED)
    return (server.megabytes() - before) * 1e6 / ENDURED


def start_on(entries, data):
    """Seconds from the start of the process until it serves a log of so many entries, and their number."""
    from bench_rollback import MIGRATIONS, fill

    from audit import create_signer, open_ledger, upgrade
    from decision_service.config import Settings

    settings = Settings(data=data)
    data.mkdir()
    upgrade(settings.database_url, MIGRATIONS)
    ledger = open_ledger(settings.database_url, create_signer(data / "signing.key", settings.origin))
    fill(ledger, entries)
    ledger.close()
    server = Server("ours", data)
    server.close()
    return server.seconds, int(server.said[1])


def rows(rate, cpu, ratio, times, growth, start, size):
    """The table."""
    items = 100 * rate["batch"] / rate["decide"]
    echo = "grpc.aio echo"
    return [
        Row("policy-only Decide, durable", "calls/s", rate["decide"], rate["echo"], echo, ratio["decide"], ">= 0.40 of echo", ratio["decide"] >= 0.4),
        Row("policy-only Decide, durable", "CPU us/call", cpu["decide"], cpu["echo"], echo, 1 / times, "<= 1.8 times echo", times <= 1.8),
        Row("policy-only Decide, other proposals", "calls/s", rate["other"], rate["echo"], echo, ratio["other"], ">= 0.40 of echo", ratio["other"] >= 0.4),
        Row("policy-only Decide, new snapshots", "calls/s", rate["anew"], rate["echo"], echo, ratio["anew"], ">= 0.40 of echo", ratio["anew"] >= 0.4),
        Row("100 proposals in a call", "items/s", 100 * rate["batch"], rate["decide"], "single calls", items, ">= 15 times", items >= 15),
        Row("GetDecision", "calls/s", rate["get"], rate["echo"], echo, ratio["get"], ">= 0.60 of echo", ratio["get"] >= 0.6),
        Row("the echo with metrics on", "calls/s", rate["metered"], rate["echo"], echo, ratio["metered"], ">= 0.80 of echo", ratio["metered"] >= 0.8),
        Row("memory", "bytes a decision", growth, None, "", None, "no growth: < 100", growth < 100),
        Row(f"start with {size:,} entries", "s", start, None, "", None, "< 2 s", start < 2),
    ]  # fmt: skip


def main():
    """Serve one of the two, or measure."""
    match sys.argv[1:]:
        case ["echo"]:
            asyncio.run(serve_echo())
        case ["metered"]:
            asyncio.run(serve_measured_echo())
        case ["ours", data]:
            gc.disable()  # both as `decisionctl serve` does
            uvloop.run(serve_ours(Path(data)))
        case _:
            if shutil.which("h2load") is None:
                print("h2load is not installed (Debian: apt install nghttp2-client): nothing is measured")
                return
            with tempfile.TemporaryDirectory() as folder:
                publish("service", measure(int(os.environ.get("SECONDS", "3")), Path(folder)))


if __name__ == "__main__":
    main()
