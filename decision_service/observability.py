"""
Exporters and logs: what a process sends out about itself. Configured once, at start.

`off` leaves the OpenTelemetry API a no-op. Audit is not telemetry: a span that was not sampled
never replaces the log.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from opentelemetry import metrics, trace

from decision_service.errors import FieldViolation, InvalidRequestError

# Rare, and worth every span: what moves releases, and what solves.
_ALWAYS = ("RollbackRelease", "RevokeRelease", "ActivateRelease", "DecisionService/Decide")


@dataclass(slots=True, eq=False)
class Totals:
    """
    What Prometheus reads that is counted here and not by the SDK, whose histogram costs as much as a small call.

    Parameters
    ----------
    sources
        Each gives families of `prometheus_client`.
    is_read
        Whether somebody does; whoever counts gives it to the SDK otherwise.
    """

    sources: list[Callable[[], Iterable[Any]]] = field(default_factory=list)
    is_read: bool = False

    def collect(self) -> Iterator[Any]:
        """All families, whenever Prometheus asks."""
        for source in self.sources:
            yield from source()

    def describe(self) -> tuple[()]:
        """Nothing beforehand: `prometheus_client` would collect to find out names."""
        return ()


@dataclass(slots=True, eq=False)
class Kept:
    """What of a call anybody keeps: what nobody does costs nothing."""

    spans: bool = False
    metrics: bool = False


TOTALS, KEPT = Totals(), Kept()


def configure(exporter: str, trace_ratio: float, prometheus_port: int) -> None:
    """
    Start exporting.

    Parameters
    ----------
    exporter
        One of `config.EXPORTERS`; `otlp` follows the OTEL_EXPORTER_OTLP_* environment.
    trace_ratio
        Share of calls traced, 0 to 1, where the caller's trace does not decide.
    prometheus_port
        Where metrics are served on loopback.

    Raises
    ------
    InvalidRequestError
        The exporter needs a package that is not installed.
    """
    if exporter == "off":
        return
    try:
        _providers(exporter, trace_ratio, prometheus_port)
    except ImportError as error:
        problem = f"`{exporter}` needs a package: {error.name}; install decision-service[{exporter}]"
        raise InvalidRequestError((FieldViolation("telemetry", problem),), "CONFIG_INVALID") from error


def configure_logs() -> None:
    """JSON lines on standard error, with the trace and span of the call they belong to."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # seven lines a start, of itself


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        span = trace.get_current_span().get_span_context()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if span.is_valid:
            line |= {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _providers(exporter: str, trace_ratio: float, prometheus_port: int) -> None:
    from opentelemetry.sdk.metrics import (  # noqa: PLC0415 - only where telemetry is on
        AlwaysOffExemplarFilter,
        MeterProvider,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.name": "decision-service"})
    spans = _span_exporter(exporter)
    # Without spans no measurement can have a trace as its example: it is not looked for.
    examples = None if spans else AlwaysOffExemplarFilter()
    reader = _reader(exporter, prometheus_port)
    metrics.set_meter_provider(MeterProvider([reader], resource, exemplar_filter=examples))
    KEPT.metrics = True
    if spans is not None:
        provider = TracerProvider(sampler=_sampler(trace_ratio), resource=resource)
        provider.add_span_processor(BatchSpanProcessor(spans))
        trace.set_tracer_provider(provider)
        KEPT.spans = True


def _reader(exporter: str, prometheus_port: int) -> Any:
    from opentelemetry.sdk.metrics.export import (  # noqa: PLC0415 - see above
        ConsoleMetricExporter,
        PeriodicExportingMetricReader,
    )

    if exporter == "prometheus":
        from opentelemetry.exporter.prometheus import PrometheusMetricReader  # noqa: PLC0415 - an extra
        from prometheus_client import REGISTRY, start_http_server  # noqa: PLC0415

        REGISTRY.register(TOTALS)
        TOTALS.is_read = True
        start_http_server(prometheus_port, addr="127.0.0.1")
        return PrometheusMetricReader()
    if exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (  # noqa: PLC0415 - an extra
            OTLPMetricExporter,
        )

        return PeriodicExportingMetricReader(OTLPMetricExporter())
    return PeriodicExportingMetricReader(ConsoleMetricExporter())


def _span_exporter(exporter: str) -> Any:
    if exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )

        return OTLPSpanExporter()
    if exporter == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter  # noqa: PLC0415 - see above

        return ConsoleSpanExporter()
    return None


def _sampler(trace_ratio: float) -> Any:
    """The caller's choice, else always for what is rare, else a share."""
    from opentelemetry.sdk.trace import sampling  # noqa: PLC0415 - see above

    class ByName(sampling.TraceIdRatioBased):
        def should_sample(
            self, parent_context: Any, trace_id: int, name: str, *args: Any, **more: Any
        ) -> Any:
            chosen: Any = sampling.ALWAYS_ON if name.endswith(_ALWAYS) else super()
            return chosen.should_sample(parent_context, trace_id, name, *args, **more)

    return sampling.ParentBased(ByName(trace_ratio))
