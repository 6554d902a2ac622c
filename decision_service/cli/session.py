"""
How a command reaches the service: the running one at `--address`, or an embedded one.

The embedded service is the same service, started in this process on a free loopback port over the
store in `--data`. One process may write a SQLite store: a lock file says who does.
"""

import asyncio
import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import grpc

from decision_service.cli.credentials import connect
from decision_service.cli.failure import UnavailableFailure
from decision_service.cli.policy_files import read_policy
from decision_service.config import Settings, load_settings

MAX_MESSAGE = 1024 * 1024 * 1024
LOCK, ADDRESS = "service.lock", "service.address"
SHIPPED = Path("policies/replenishment")
DEFAULT_DATA = Path(".decision-service")


@dataclass(frozen=True, slots=True)
class Options:
    """What every command takes."""

    address: str
    data: Path
    actor: str
    roles: str
    is_json: bool
    timeout: float


@dataclass(frozen=True, slots=True)
class Session:
    """Stubs of the service, with the caller's identity on every call."""

    channel: grpc.Channel
    options: Options

    def call(self, service: Any, method: str, request: Any) -> Any:
        """One unary call by service descriptor and method name."""
        from google.protobuf.message_factory import GetMessageClass  # noqa: PLC0415 - commands that need no service start faster

        response = GetMessageClass(service.methods_by_name[method].output_type)
        stub: Any = self.channel.unary_unary(
            f"/{service.full_name}/{method}",
            request_serializer=lambda r: r.SerializeToString(),
            response_deserializer=response.FromString,
        )
        return stub(request, timeout=self.options.timeout or None, metadata=self._identity())

    def stream(self, service: Any, method: str, request: Any) -> Iterator[Any]:
        """One call that answers many times."""
        from google.protobuf.message_factory import GetMessageClass  # noqa: PLC0415 - as above

        response = GetMessageClass(service.methods_by_name[method].output_type)
        stub: Any = self.channel.unary_stream(
            f"/{service.full_name}/{method}",
            request_serializer=lambda r: r.SerializeToString(),
            response_deserializer=response.FromString,
        )
        yield from stub(request, timeout=self.options.timeout or None, metadata=self._identity())

    def _identity(self) -> tuple[tuple[str, str], ...]:
        identity = [("decision-actor", self.options.actor)]
        if self.options.roles:
            identity.append(("decision-roles", self.options.roles))
        return tuple(identity)


@contextmanager
def session(options: Options, founding: Path | None = None, workers: int = 1) -> Iterator[Session]:
    """
    A session with the service that the options name.

    An embedded one plans in `workers` processes; an empty embedded store is founded with a policy set.
    """
    if options.address:
        with _connected(options, options.address) as connected:
            yield connected
        return
    with (
        locked(options.data),
        _embedded(options, founding, workers) as address,
        _connected(options, address) as connected,
    ):
        yield connected


@contextmanager
def _connected(options: Options, address: str) -> Iterator[Session]:
    limits = (("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE))
    with connect(address, limits) as channel:
        yield Session(channel, options)


@contextmanager
def _embedded(options: Options, founding: Path | None, workers: int) -> Iterator[str]:
    """The service in this process, on a thread of its own."""
    from decision_service.bootstrap import build  # noqa: PLC0415 - only the embedded service needs it
    from decision_service.config import Settings  # noqa: PLC0415

    app = build(Settings(address="127.0.0.1:0", data=options.data, workers=workers))
    if founding:
        found_with(app.releases, founding, options.actor)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = asyncio.run_coroutine_threadsafe(app.serve(), loop).result()
    try:
        yield running.address
    finally:
        asyncio.run_coroutine_threadsafe(running.drain(1.0), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        app.close()


def found_with(releases: Any, folder: Path, actor: str) -> None:
    """Let a policy folder govern an empty store, and say so."""
    from decision_service.decision import Caller  # noqa: PLC0415 - only an embedded service is founded
    from decision_service.usecases.founding import found  # noqa: PLC0415
    from decision_service.usecases.release_content import ReleaseContent  # noqa: PLC0415

    if release := found(releases, ReleaseContent(read_policy(folder)), Caller(actor)):
        click.echo(f"nothing governed here yet: {release.name} from {folder} does now", err=True)


def settings_of(options: Options, config: Path | None) -> Settings:
    """The settings of a file and the environment; `--data` names another folder."""
    settings = load_settings(config)
    return settings if options.data == DEFAULT_DATA else replace(settings, data=options.data)


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Be the one process that writes the store."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            where = (data / ADDRESS).read_text().strip() if (data / ADDRESS).exists() else "HOST:PORT"
            raise UnavailableFailure(f"a service runs on `{data}`; use --address {where}") from None
        yield
