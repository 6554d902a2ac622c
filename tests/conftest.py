"""Shared by all tests: where the repository is, and a service to call."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

# Tests start processes while channels are open; grpc's handlers of a fork may crash the child before it execs.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def adventureworks():
    """A real ERP export; tests that need it are skipped where it is absent."""
    folder = SHARED / "data" / "adventureworks"
    if not folder.is_dir():
        pytest.skip("the AdventureWorks export is not here")
    return folder


@pytest.fixture(scope="session")
def tool_cache():
    """tool_cache(name, content): a folder outside the checkout that keeps foreign tools, by what is in it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "decision-service"

    def folder(name, *content):
        return cache / f"{name}-{hashlib.sha256(repr(content).encode()).hexdigest()[:16]}"

    return folder


@pytest.fixture(scope="session")
def tool_python(tool_cache):
    """
    tool_python(name, packages): the interpreter of an environment of its own that holds them.

    Made once; where nothing can be installed the test is skipped with the reason.
    """

    def run(*command, **more):
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(command, 1, "", str(late))

    def python(name, packages):
        uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
        if not Path(uv).exists():
            pytest.skip(f"uv is not installed, which would make an environment for {name}")
        folder = tool_cache(name, sys.version, packages)
        if not (folder / "ready").exists():
            environment = os.environ | {"VIRTUAL_ENV": str(folder), "UV_HTTP_TIMEOUT": "20"}
            run(uv, "venv", "-q", "--clear", "-p", sys.executable, str(folder))
            made = run(uv, "pip", "install", "-q", *packages, env=environment)
            if made.returncode:
                pytest.skip(f"{name} cannot be installed here: {made.stderr.strip().splitlines()[-1]}")
            (folder / "ready").touch()
        return folder / "bin" / "python"

    return python


class Service:
    """A service in this process on a free loopback port, and a client to call it with."""

    def __init__(self, data, clock=None, **settings):
        import grpc

        from decision_service.bootstrap import build
        from decision_service.cli.session import MAX_MESSAGE, Options, Session
        from decision_service.config import Settings

        self.app = build(Settings(address="127.0.0.1:0", data=data, workers=1, **settings), clock)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(self.app.serve(), self.loop).result(60)
        self.channel = grpc.insecure_channel(
            self.server.address, options=(("grpc.max_receive_message_length", MAX_MESSAGE),)
        )
        self.session = Session(self.channel, Options(self.server.address, data, "local", "", False, 120.0))

    def call(self, service, method, request, actor="local", roles=""):
        """One call as somebody."""
        return _as(self.session, actor, roles).call(service, method, request)

    def govern(self, folder, scope="*"):
        """Publish a policy folder and let it govern; returns the release's name."""
        return _govern(self.session, folder, scope)

    def close(self):
        """Stop serving."""
        self.channel.close()
        asyncio.run_coroutine_threadsafe(self.server.drain(1), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.app.close()


def _as(session, actor, roles=""):
    return replace(session, options=replace(session.options, actor=actor, roles=roles))


def _govern(session, folder, scope="*"):
    from decision_service.cli.names import scope_message
    from decision_service.cli.policy import SERVICE
    from decision_service.cli.policy_files import read_policy
    from decision_service.v1 import release_service_pb2 as pb

    author, approver = _as(session, "ada.lind"), _as(session, "bruno.keller")
    published = author.call(SERVICE, "PublishRelease", pb.PublishReleaseRequest(files=read_policy(folder)))
    name = published.release.name
    author.call(SERVICE, "ProposeRelease", pb.ProposeReleaseRequest(name=name))
    approver.call(SERVICE, "ApproveRelease", pb.ApproveReleaseRequest(name=name))
    request = pb.ActivateReleaseRequest(name=name, scope=scope_message(scope))
    approver.call(SERVICE, "ActivateRelease", request)
    return name


@pytest.fixture(scope="session")
def postgres_folder():
    """
    postgres_folder(): a folder for PostgreSQL's data, which runs as another user.

    Not below pytest's own folder: every session of pytest closes that to other users again.
    """
    made = []

    def make():
        made.append(Path(tempfile.mkdtemp(prefix="postgres-")))
        return made[-1] / "data"

    yield make
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def govern():
    """govern(session, folder): publish, propose, approve and activate a policy folder."""
    return _govern


@pytest.fixture(scope="session")
def start_service():
    """start_service(folder): a service on a store that may have been used before; the caller closes it."""
    return Service


@pytest.fixture
def service(tmp_path):
    """A service of one test, with nothing published."""
    running = Service(tmp_path / "data")
    yield running
    running.close()


@pytest.fixture(scope="module")
def governed(tmp_path_factory):
    """A service of a module's tests, governed by the shipped release."""
    running = Service(tmp_path_factory.mktemp("service"))
    running.govern(ROOT / "policies" / "replenishment")
    yield running
    running.close()


@pytest.fixture(scope="session")
def example():
    """The bundled example as a message."""
    from decision_service.cli.snapshot_file import read_message

    return read_message(ROOT / "examples" / "bundled" / "snapshot.json")
