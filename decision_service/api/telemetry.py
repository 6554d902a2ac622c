"""
What is observed of a call: a span by the RPC conventions, a duration, counts of decisions.

OpenTelemetry semantic conventions 1.44 for RPC (release candidate); the attribute for the status
still moves between versions, so its name stands in one constant. Never payload values as labels.
Without a configured provider the API is a no-op of a few microseconds.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import metrics, propagate, trace
from opentelemetry.trace import SpanKind, StatusCode

from decision_service.decision import Decision

STATUS_CODE = "rpc.response.status_code"

_TRACER = trace.get_tracer("decision_service")
_METER = metrics.get_meter("decision_service")
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_DURATION = _METER.create_histogram(
    "rpc.server.call.duration",
    "s",
    "Time from request to response",
    explicit_bucket_boundaries_advisory=_SECONDS,
)
_DECISIONS = _METER.create_counter("decision.count", "{decision}", "Decisions by verdict")
_ORDERS = _METER.create_counter("decision.order.count", "{order}", "Orders by disposition")
_GAP = _METER.create_histogram(
    "solver.gap",
    "1",
    "Proven relative gap of a solve",
    explicit_bucket_boundaries_advisory=(1e-4, 1e-3, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1),
)
_SHED = _METER.create_counter("decision.shed.count", "{call}", "Calls refused because of overload")


@contextmanager
def observed(service: str, method: str, metadata: Mapping[str, str]) -> Iterator["Observation"]:
    """Observe one call; whoever ends it says with which status."""
    attributes = {"rpc.system.name": "grpc", "rpc.method": f"{service}/{method}"}
    started = time.perf_counter()
    observation = Observation()
    parent = propagate.extract(metadata) if "traceparent" in metadata else None
    with _TRACER.start_as_current_span(
        f"{service}/{method}",
        parent,
        SpanKind.SERVER,
        attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield observation
        finally:
            _end(span, observation.status)
            _DURATION.record(time.perf_counter() - started, attributes | {STATUS_CODE: observation.status})


class Observation:
    """How a call ended: the name of its gRPC status."""

    __slots__ = ("status",)

    def __init__(self) -> None:
        self.status = "OK"


def current_trace_id() -> str:
    """The trace of the current span, in hexadecimal; empty where none is recorded."""
    span = trace.get_current_span().get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else ""


def decided(decision: Decision, *, is_repeat: bool) -> None:
    """Put a decision on the span of its call and into the counts."""
    outcome, span = decision.outcome, trace.get_current_span()
    if span.is_recording():
        span.set_attributes(_attributes(decision))
    if is_repeat:
        return
    _DECISIONS.add(
        1, {"decision.verdict": outcome.verdict.value, "decision.release": decision.lineage.release}
    )
    for disposition in {order.disposition for order in outcome.orders}:
        _ORDERS.add(outcome.count(disposition), {"decision.disposition": disposition.value})
    for report in outcome.reports:
        _GAP.record(report.gap, {"solver.name": report.name, "solver.termination": report.termination.value})


def shed(reason: str) -> None:
    """Count a call that was refused because of overload: which class was full, or `rate`."""
    _SHED.add(1, {"decision.shed.reason": str(reason)})


def _attributes(decision: Decision) -> dict[str, Any]:
    return {
        "decision.name": decision.name,
        "decision.verdict": decision.outcome.verdict.value,
        "decision.release": decision.lineage.release,
        "decision.release.digest": decision.lineage.release_digest,
        "decision.orders": len(decision.outcome.orders),
        "decision.log.index": decision.log.index if decision.log else -1,
    }


def _end(span: trace.Span, status: str) -> None:
    if span.is_recording():
        span.set_attribute(STATUS_CODE, status)
        if status != "OK":
            span.set_attribute("error.type", status)
            span.set_status(StatusCode.ERROR)
