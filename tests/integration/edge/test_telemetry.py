"""Spans, metrics and log lines: by the conventions, with the trace from the caller to the log's envelope."""

import json
import logging
import re
import subprocess
import sys
import time

import grpc
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from decision_service.api import telemetry
from decision_service.config import Settings
from decision_service.observability import JsonFormatter, _sampler
from decision_service.v1 import decision_service_pb2 as pb

from .conftest import METHODS, Running, invoke, outcome
from .test_deployment import instruments
from .test_long_solves import found
from .test_overload import judgement

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = (("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"),)


@pytest.fixture(scope="module")
def channel(tmp_path_factory, policies):
    running = Running(Settings(address="127.0.0.1:0", data=tmp_path_factory.mktemp("telemetry"), workers=1))
    found(running, policies)
    with grpc.insecure_channel(running.address) as channel:
        yield channel
    running.close()


@pytest.fixture
def spans(monkeypatch):
    """What is traced, in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=_sampler(1.0))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "_TRACER", provider.get_tracer("test"))
    monkeypatch.setattr(telemetry.KEPT, "spans", True)
    return exporter


def ended(spans, name):
    """Spans of a method; a span ends a moment after its answer is on the way."""
    for _ in range(100):
        if found := [s for s in spans.get_finished_spans() if s.name.endswith(name)]:
            return found
        time.sleep(0.02)
    return []


def test_the_callers_trace_is_in_the_envelope_and_the_log_index_on_the_span(channel, spans, example):
    """
    One id from the caller's span over ours to the log.
    """
    response = invoke(
        channel, METHODS["DecisionService/Decide"], judgement(example, "traced"), metadata=PARENT
    )
    (span,) = ended(spans, "/Decide")

    assert TRACE == response.decision.lineage.trace_id == f"{span.context.trace_id:032x}"
    assert "SERVER" == span.kind.name
    assert {
        "rpc.system.name": "grpc",
        "rpc.method": "decision_service.v1.DecisionService/Decide",
        "rpc.response.status_code": "OK",
        "decision.name": response.decision.name,
        "decision.log.index": response.decision.log.index,
    }.items() <= dict(span.attributes).items()


def test_our_own_trace_is_in_the_envelope_where_the_caller_has_none(channel, spans, example):
    """
    Who looks at the entry finds the span.
    """
    response = invoke(channel, METHODS["DecisionService/Decide"], judgement(example, "ours"))
    (span,) = ended(spans, "/Decide")

    assert f"{span.context.trace_id:032x}" == response.decision.lineage.trace_id


def test_a_refusal_is_an_error_on_the_span(channel, spans):
    """
    By its status, without a stack trace.
    """
    assert (
        "NOT_FOUND"
        == outcome(
            channel, METHODS["DecisionService/GetDecision"], pb.GetDecisionRequest(name="decisions/none")
        )[0]
    )
    (span,) = ended(spans, "/GetDecision")

    assert "NOT_FOUND" == span.attributes["error.type"] == span.attributes["rpc.response.status_code"]
    assert "ERROR" == span.status.status_code.name
    assert () == span.events


def test_rare_calls_are_always_traced():
    """
    Rollbacks and decisions at a ratio of nothing; reads are not.
    """
    sampler = _sampler(0.0)

    def is_traced(name):
        return sampler.should_sample(None, 1, name).decision.is_sampled()

    assert is_traced("decision_service.v1.ReleaseService/RollbackRelease")
    assert is_traced("decision_service.v1.DecisionService/Decide")
    assert not is_traced("decision_service.v1.DecisionService/GetDecision")


def test_log_lines_are_json_with_the_trace():
    """
    One object a line, whatever the message holds.
    """
    provider = TracerProvider()
    record = logging.LogRecord("x", logging.INFO, __file__, 1, 'two\nlines "quoted"', None, None)
    with provider.get_tracer("test").start_as_current_span("s") as span:
        line = JsonFormatter().format(record)
    read = json.loads(line)

    assert "\n" not in line
    assert 'two\nlines "quoted"' == read["message"]
    assert f"{span.get_span_context().trace_id:032x}" == read["trace_id"]


MEASURES = """
from decision_service.observability import configure
configure("prometheus", 0.0, 0)
from decision_service.api import telemetry
telemetry.shed("rate")
with telemetry.Observation("s/m", {}): pass
telemetry.shed("rate")
telemetry._DECISIONS.add(1, "APPROVED", "releases/a@1")
telemetry._ORDERS.add(2, "BLOCKED")
telemetry._ORDERS.add(3, "APPROVED")
telemetry._GAP.record(0.01, {"solver.name": "orders"})
from prometheus_client import generate_latest
print(generate_latest().decode())
"""


TIMED = """
import sys
from decision_service.observability import TOTALS, configure
configure("prometheus", 0.0, 0)
TOTALS.is_read = sys.argv[1] == "ours"
from decision_service.api import telemetry
for seconds in (0.0001, 0.002, 0.0021, 4.0, 1000.0):
    telemetry._DURATIONS.record(seconds, "s/Fast", "OK")
telemetry._DURATIONS.record(0.3, "s/Fast", "NOT_FOUND")
telemetry._DURATIONS.record(0.3, "s/Slow", "OK")
from prometheus_client import generate_latest
print("\\n".join(sorted(line for line in generate_latest().decode().splitlines() if "rpc_server" in line)))
"""


def test_durations_that_are_counted_here_read_as_those_of_the_sdk():
    """
    Prometheus sees no difference: names, labels, buckets with their bounds included, sums.
    """
    pytest.importorskip("opentelemetry.exporter.prometheus")
    ours, sdk = (
        subprocess.run(
            [sys.executable, "-c", TIMED, who], capture_output=True, text=True, timeout=60, check=True
        ).stdout.splitlines()
        for who in ("ours", "sdk")
    )

    assert sdk == ours
    assert 2 + 3 * 18 == len(ours)  # HELP and TYPE; 16 buckets, count and sum of each series


def test_metrics_have_the_names_and_buckets_that_dashboards_use():
    """
    As Prometheus reads them; seconds in steps that tell 5 ms from 50.
    """
    pytest.importorskip("opentelemetry.exporter.prometheus")
    printed = subprocess.run(
        [sys.executable, "-c", MEASURES], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    names = {line.split()[2] for line in printed.splitlines() if line.startswith("# TYPE")}

    assert instruments()[0] <= names
    told = [re.sub(',?otel_scope[a-z_]*="[^"]*"', "", line) for line in printed.splitlines()]
    for sample in (
        'decision_count_total{decision_release="releases/a@1",decision_verdict="APPROVED"} 1.0',
        'decision_order_count_total{decision_disposition="APPROVED"} 3.0',
        'decision_order_count_total{decision_disposition="BLOCKED"} 2.0',
        'decision_shed_count_total{decision_shed_reason="rate"} 2.0',
    ):
        assert sample in told
    assert 'le="0.005"' in printed
    assert 'le="0.05"' in printed
