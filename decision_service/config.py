"""
Settings: defaults, then a TOML file, then the environment (`DECISION_SERVICE_<NAME>`).

Checked once, at start, with every mistake listed; nothing reads the environment later.
"""

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.util import find_spec
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
    dask
        Address of a Dask scheduler whose workers plan, `workers` plans at once; empty = processes of
        this machine. Plaintext (tcp://) only on loopback.
    solve_seconds
        Longest a solve may take where the caller gives no deadline.
    judging, reading
        Calls in flight that judge proposals, and that only read; one more is refused.
    rate, burst
        Calls a second that one subject may make in the long run, 0 = unlimited; calls it may make at once.
    max_message_mb, max_upload_mb
        Largest message taken or sent; largest snapshot uploaded in chunks.
    grace_seconds
        How long calls in flight may finish when the service stops.
    tls_certificate, tls_key, tls_client_ca
        PEM files. With the first two the listener speaks TLS only; with the third every client
        must present a certificate of that authority.
    certificate_warning_days
        How long before a certificate expires health and logs begin to warn.
    jwks, jwks_ca, jwt_issuer, jwt_audience
        Bearer tokens: the issuer's key set (file or https URL), the PEM file of the authority behind
        that URL (empty = the system's), the issuer's name, and ours.
    telemetry, trace_ratio, prometheus_port
        What is exported: off, console, otlp or prometheus; the share of calls traced; the loopback
        port of the metrics.
    grants
        TOML file: which subject has which roles and scopes. Required with TLS.
    reflection
        Whether clients may ask for the protos.
    """

    address: str = "127.0.0.1:50051"
    data: Path = Path(".decision-service")
    database: str = ""
    origin: str = "decision-service"
    workers: int = 2
    waiting: int = 64
    worker_memory_mb: int = 0
    dask: str = ""
    solve_seconds: float = 600.0
    judging: int = 256
    reading: int = 1024
    rate: float = 0.0
    burst: int = 100
    max_message_mb: int = 64
    max_upload_mb: int = 1024
    grace_seconds: float = 10.0
    tls_certificate: str = ""
    tls_key: str = ""
    tls_client_ca: str = ""
    certificate_warning_days: int = 14
    jwks: str = ""
    jwks_ca: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    grants: str = ""
    reflection: bool = True
    telemetry: str = "off"
    trace_ratio: float = 0.05
    prometheus_port: int = 9464

    @property
    def database_url(self) -> str:
        """The log's database."""
        return self.database or f"sqlite:///{self.data / 'log.db'}"

    @property
    def index_url(self) -> str:
        """The index's database: a file of this process, whatever the log lives in."""
        return f"sqlite:///{self.data / 'index.db'}"


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
            values[name] = _read(value, hints[name])
        except (TypeError, ValueError, KeyError):
            wrong.append(FieldViolation(name, f"`{str(value)[:80]}` is not {_KINDS[hints[name]]}"))
    settings = Settings(**values)
    wrong += _out_of_range(settings)
    if wrong:
        raise InvalidRequestError(tuple(wrong), "CONFIG_INVALID")
    return settings


_KINDS: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
}


def _read(value: Any, kind: Any) -> Any:
    """A value of TOML, or of the environment, where everything is text."""
    is_text = isinstance(value, str)
    if kind is bool:
        return {"true": True, "false": False}[value.lower()] if is_text else _of_kind(value, bool)
    if kind is int:
        return int(value) if is_text else _of_kind(value, int)
    if kind is float:
        return float(value) if is_text else float(_of_kind(value, (int, float)))
    return kind(_of_kind(value, str))


def _of_kind(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise TypeError(value)
    return value


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address (HOST:PORT)."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _out_of_range(settings: Settings) -> list[FieldViolation]:
    limits = {
        "workers": (1, 256),
        "waiting": (1, 100_000),
        "worker_memory_mb": (0, 1 << 20),
        "solve_seconds": (0.1, 86_400),
        "judging": (1, 100_000),
        "reading": (1, 100_000),
        "rate": (0, 1_000_000),
        "burst": (1, 1_000_000),
        "max_message_mb": (1, 1024),
        "max_upload_mb": (1, 16_384),
        "certificate_warning_days": (0, 3650),
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
    elif not is_loopback(settings.address) and not settings.tls_certificate:
        problem = "is not loopback: plaintext is refused; set tls_certificate and tls_key"
        wrong.append(FieldViolation("address", f"`{settings.address}` {problem}"))
    if settings.telemetry not in EXPORTERS:
        wrong.append(FieldViolation("telemetry", f"must be one of {', '.join(EXPORTERS)}"))
    return wrong + _cluster(settings.dask) + _incomplete(settings)


def _cluster(address: str) -> list[FieldViolation]:
    """Whoever reaches a scheduler runs code on its workers: over a network only with certificates."""
    if not address:
        return []
    kind, _, host = address.partition("://")
    if kind not in {"tcp", "tls"} or not host.rpartition(":")[2].isdigit():
        return [FieldViolation("dask", f"`{address}` is not tcp://HOST:PORT or tls://HOST:PORT")]
    if kind == "tcp" and not is_loopback(host):
        return [FieldViolation("dask", f"`{address}` is not loopback: plaintext is refused; use tls://")]
    if find_spec("distributed") is None:
        return [FieldViolation("dask", "needs `distributed`; install decision-service[dask]")]
    return []


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
    files = ("tls_certificate", "tls_key", "tls_client_ca", "grants", "jwks", "jwks_ca")
    missing = [n for n in files if (file := getattr(settings, n)) and not _is_there(file)]
    wrong += [FieldViolation(name, f"no file `{getattr(settings, name)}`") for name in missing]
    return wrong or _unreadable(settings)


def _is_there(file: str) -> bool:
    return file.startswith("https://") or Path(file).is_file()


def _unreadable(settings: Settings) -> list[FieldViolation]:
    """Certificates and keys that cannot be read, or do not belong together."""
    if not settings.tls_certificate:
        return []
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - TLS only
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415

    read: dict[str, Any] = {
        "tls_certificate": lambda raw: load_pem_x509_certificates(raw)[0].public_key(),
        "tls_key": lambda raw: load_pem_private_key(raw, None).public_key(),
        "tls_client_ca": load_pem_x509_certificates,
        "jwks_ca": load_pem_x509_certificates,
    }
    wrong, found = [], {}
    for name, parse in read.items():
        if file := getattr(settings, name):
            try:
                found[name] = parse(Path(file).read_bytes())
            except (OSError, TypeError, ValueError):  # what was in the file is not repeated
                wrong.append(FieldViolation(name, f"`{file}` is not an unencrypted PEM file of its kind"))
    if not wrong and found["tls_certificate"] != found["tls_key"]:
        wrong.append(FieldViolation("tls_key", "is not the key of tls_certificate"))
    return wrong
