"""
Settings: defaults, then a TOML file, then the environment (`DECISION_SERVICE_<NAME>`).

Checked once, at start, with every mistake listed; nothing reads the environment later.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from decision_service.errors import FieldViolation, InvalidRequestError

PREFIX = "DECISION_SERVICE_"
EXPORTERS = ("off", "console", "otlp", "prometheus")


@dataclass(frozen=True, slots=True)
class Settings:
    """
    How this process runs.

    Parameters
    ----------
    address
        Where to listen, HOST:PORT; plaintext only on loopback. Port 0 takes a free one.
    data
        Folder of the embedded store, the signing key and the index.
    database
        SQLAlchemy URL of the log; empty = SQLite in `data`.
    origin
        Name of the log in its checkpoints (C2SP origin).
    workers, waiting
        Processes that solve; calls that may wait for one.
    worker_memory_mb
        Address space of a worker process, 0 = unlimited.
    max_message_mb
        Largest message taken or sent.
    grace_seconds
        How long calls in flight may finish when the service stops.
    tls_certificate, tls_key, tls_client_ca
        PEM files. With the first two the listener speaks TLS only; with the third every client
        must present a certificate of that authority.
    jwks, jwt_issuer, jwt_audience
        Bearer tokens: the issuer's key set (file or https URL), its name, and ours.
    telemetry, trace_ratio, prometheus_port
        What is exported: off, console, otlp or prometheus; the share of calls traced; the loopback
        port of the metrics.
    grants
        TOML file: which subject has which roles and scopes. Required with TLS.
    """

    address: str = "127.0.0.1:50051"
    data: Path = Path(".decision-service")
    database: str = ""
    origin: str = "decision-service"
    workers: int = 2
    waiting: int = 64
    worker_memory_mb: int = 0
    max_message_mb: int = 64
    grace_seconds: float = 10.0
    tls_certificate: str = ""
    tls_key: str = ""
    tls_client_ca: str = ""
    jwks: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    grants: str = ""
    telemetry: str = "off"
    trace_ratio: float = 0.05
    prometheus_port: int = 9464

    @property
    def database_url(self) -> str:
        """The log's database."""
        return self.database or f"sqlite:///{self.data / 'log.db'}"

    @property
    def index_url(self) -> str:
        """The index's database: beside the log in PostgreSQL, a file of its own with SQLite."""
        return (
            self.database_url
            if self.database.startswith("postgresql")
            else f"sqlite:///{self.data / 'index.db'}"
        )


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """
    The settings of a file and the environment.

    Raises
    ------
    InvalidRequestError
        With every setting that is unknown or has a wrong value.
    """
    given = _read_file(file) if file else {}
    for name, value in (os.environ if environment is None else environment).items():
        if name.startswith(PREFIX):
            given[name.removeprefix(PREFIX).lower()] = value
    return _checked(given)


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequestError((FieldViolation(str(file), str(error)),), "CONFIG_INVALID") from error


def _checked(given: Mapping[str, Any]) -> Settings:
    hints, known = get_type_hints(Settings), {f.name for f in fields(Settings)}
    wrong, values = [], {}
    for name, value in given.items():
        if name not in known:
            wrong.append(FieldViolation(name, f"unknown; one of {', '.join(sorted(known))}"))
            continue
        try:
            values[name] = hints[name](value)
        except (TypeError, ValueError):
            wrong.append(FieldViolation(name, f"`{value}` is not a {hints[name].__name__}"))
    settings = Settings(**values)
    wrong += _out_of_range(settings)
    if wrong:
        raise InvalidRequestError(tuple(wrong), "CONFIG_INVALID")
    return settings


def _out_of_range(settings: Settings) -> list[FieldViolation]:
    limits = {
        "workers": (1, 256),
        "waiting": (1, 100_000),
        "worker_memory_mb": (0, 1 << 20),
        "max_message_mb": (1, 1024),
        "grace_seconds": (0, 3600),
        "trace_ratio": (0, 1),
        "prometheus_port": (1, 65535),
    }
    wrong = [
        FieldViolation(name, f"must be {low} to {high}")
        for name, (low, high) in limits.items()
        if not low <= getattr(settings, name) <= high
    ]
    host, _, port = settings.address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        wrong.append(FieldViolation("address", f"`{settings.address}` is not HOST:PORT"))
    if settings.telemetry not in EXPORTERS:
        wrong.append(FieldViolation("telemetry", f"must be one of {', '.join(EXPORTERS)}"))
    return wrong + _incomplete(settings)


def _incomplete(settings: Settings) -> list[FieldViolation]:
    """Settings that need each other, and files that must be there."""
    needs = {
        "tls_key": bool(settings.tls_certificate),
        "tls_certificate": bool(
            settings.tls_key or settings.tls_client_ca or settings.jwks or settings.grants
        ),
        "grants": bool(settings.tls_certificate),
        "jwt_issuer": bool(settings.jwks),
        "jwt_audience": bool(settings.jwks),
    }
    wrong = [
        FieldViolation(n, "required beside the others")
        for n, is_needed in needs.items()
        if is_needed and not getattr(settings, n)
    ]
    for name in ("tls_certificate", "tls_key", "tls_client_ca", "grants", "jwks"):
        value = getattr(settings, name)
        if value and not value.startswith("https://") and not Path(value).is_file():
            wrong.append(FieldViolation(name, f"no file `{value}`"))
    return wrong
