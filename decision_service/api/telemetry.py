"""
What is observed of a call: a span by the RPC conventions, a duration, counts of decisions.

OpenTelemetry semantic conventions 1.44 for RPC (release candidate); the attribute for the status
still moves between versions, so its name stands in one constant. Never payload values as labels.
Without a configured provider the API is a no-op of a few microseconds.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextvars import Token
from itertools import accumulate
from typing import Any, Self

from opentelemetry import context, metrics, propagate, trace
from opentelemetry.context.context import Context
from opentelemetry.trace import SpanKind, StatusCode

from decision_service.decision import Decision, Disposition
from decision_service.observability import KEPT, TOTALS
from decision_service.usecases.decide import Decided

STATUS_CODE = "rpc.response.status_code"

_NAME = "decision_service"
_TRACER, _METER = trace.get_tracer(_NAME), metrics.get_meter(_NAME)
# As the SDK labels what it measures.
_SCOPE = {"otel_scope_name": _NAME, "otel_scope_version": "", "otel_scope_schema_url": ""}
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_GAP = _METER.create_histogram(
    "solver.gap",
    "1",
    "Proven relative gap of a solve",
    explicit_bucket_boundaries_advisory=(1e-4, 1e-3, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1),
)


class Durations:
    """Seconds of calls, by method and status; counted here where Prometheus reads totals, by the SDK elsewhere."""

    _NAME, _SAYS = "rpc.server.call.duration", "Time from request to response"

    def __init__(self) -> None:
        self._kept_elsewhere = _METER.create_histogram(
            self._NAME, "s", self._SAYS, explicit_bucket_boundaries_advisory=_SECONDS
        )
        self._counts: dict[tuple[str, str], list[int]] = {}
        self._sums: dict[tuple[str, str], float] = {}
        TOTALS.sources.append(self._collect)

    def record(self, seconds: float, method: str, status: str) -> None:
        """One more call; in the event loop's thread."""
        if not TOTALS.is_read:
            if KEPT.metrics:
                self._kept_elsewhere.record(seconds, _labels(method) | {STATUS_CODE: status})
            return
        key = (method, status)
        if key not in self._counts:
            self._sums[key], self._counts[key] = 0.0, [0] * (len(_SECONDS) + 1)  # in the order of `_collect`
        self._counts[key][bisect_left(_SECONDS, seconds)] += 1
        self._sums[key] += seconds

    def _collect(self) -> Iterator[Any]:
        from prometheus_client.core import HistogramMetricFamily  # noqa: PLC0415 - an extra

        names = (*(label.replace(".", "_") for label in (*_labels(""), STATUS_CODE)), *_SCOPE)
        family = HistogramMetricFamily(self._NAME.replace(".", "_"), self._SAYS, labels=names, unit="seconds")
        bounds = (*map(str, _SECONDS), "+Inf")
        for (method, status), counts in tuple(self._counts.items()):
            up_to = list(zip(bounds, accumulate(counts), strict=True))
            values = (*_labels(method).values(), status, *_SCOPE.values())
            family.add_metric(values, up_to, self._sums[method, status])
        if family.samples:
            yield family


def _labels(method: str) -> dict[str, str]:
    return {"rpc.system.name": "grpc", "rpc.method": method}


class Counted:
    """A counter that is read when metrics are: adding one costs a look-up, where the SDK's costs as much as a call."""

    def __init__(self, name: str, unit: str, description: str, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._totals: dict[tuple[str, ...], int] = {}
        _METER.create_observable_counter(name, [self._observe], unit, description)

    def add(self, count: int, *values: str) -> None:
        """So many more under these values of the labels; in the event loop's thread."""
        self._totals[values] = self._totals.get(values, 0) + count

    def _observe(self, _options: metrics.CallbackOptions) -> Iterator[metrics.Observation]:
        for values, total in tuple(self._totals.items()):
            yield metrics.Observation(total, dict(zip(self._labels, values, strict=True)))


_DURATIONS = Durations()
_DECISIONS = Counted(
    "decision.count", "{decision}", "Decisions by verdict", ("decision.verdict", "decision.release")
)
_ORDERS = Counted("decision.order.count", "{order}", "Orders by disposition", ("decision.disposition",))
_SHED = Counted(
    "decision.shed.count", "{call}", "Calls refused because of overload", ("decision.shed.reason",)
)


class Observation:
    """
    One call, in a `with`: its span while it lasts, its duration since it arrived at the end.

    Opened and closed by hand rather than by `start_as_current_span`, whose three nested generators cost as much as
    the rest of it.

    Parameters
    ----------
    arrived
        When the call did, by `time.perf_counter`; None = now.

    Attributes
    ----------
    status
        How it ended: the name of its gRPC status.
    """

    _span: trace.Span | None
    _token: Token[Context] | None
    __slots__ = ("_metadata", "_method", "_span", "_started", "_token", "status")

    def __init__(self, method: str, metadata: Mapping[str, str], arrived: float | None = None) -> None:
        self.status = "OK"
        self._method, self._metadata = method, metadata
        self._started = time.perf_counter() if arrived is None else arrived

    def __enter__(self) -> Self:
        self._span = self._token = None
        if KEPT.spans or "traceparent" in self._metadata:  # of the caller's trace, logs speak in any case
            parent = propagate.extract(self._metadata)
            self._span = _TRACER.start_span(self._method, parent, SpanKind.SERVER, _labels(self._method))
            self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is asyncio.CancelledError:  # the caller went away
            self.status = "CANCELLED"
        # Within the span: a measurement may keep its trace as an example.
        _DURATIONS.record(time.perf_counter() - self._started, self._method, self.status)
        if self._span is not None:
            _end(self._span, self.status)
        if self._token is not None:
            context.detach(self._token)


def current_trace_id() -> str:
    """The trace of the current span, in hexadecimal; empty where none is recorded."""
    if not KEPT.spans:
        return ""
    span = trace.get_current_span().get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else ""


def decided(decided: Decided) -> None:
    """Put a decision on the span of its call and into the counts."""
    if KEPT.spans and (span := trace.get_current_span()).is_recording():
        span.set_attributes(_attributes(decided.decision))
    if KEPT.metrics and not decided.is_repeat:
        _count(decided.decision)


def _count(decision: Decision) -> None:
    outcome = decision.outcome
    _DECISIONS.add(1, outcome.verdict.value, decision.lineage.release)
    counts: dict[Disposition, int] = {}
    for order in outcome.orders:
        counts[order.disposition] = counts.get(order.disposition, 0) + 1
    for disposition, count in counts.items():
        _ORDERS.add(count, disposition.value)
    for report in outcome.reports:
        _GAP.record(report.gap, {"solver.name": report.name, "solver.termination": report.termination.value})


def shed(reason: str) -> None:
    """Count a call that was refused because of overload: which class was full, or `rate`."""
    _SHED.add(1, str(reason))


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
    span.end()
