"""A client nobody here wrote: Node's `@grpc/grpc-js`, in the small program of examples/node."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from decision_service.config import Settings

from .conftest import Running
from .test_long_solves import found

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "node"
SNAPSHOT = ROOT / "examples" / "bundled" / "snapshot.json"


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)


@pytest.fixture(scope="module")
def modules(tool_cache):
    """What package.json names, installed once, outside the checkout."""
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("node and npm are not installed")
    package = (EXAMPLE / "package.json").read_bytes()
    folder = tool_cache("node", package)
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_bytes(package)
        quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--fetch-timeout=20000", "--fetch-retries=1")
        made = run("npm", "install", *quiet, cwd=folder)
        if made.returncode:
            pytest.skip(f"npm installs nothing here: {made.stderr.strip().splitlines()[0]}")
        (folder / "ready").touch()
    return folder / "node_modules"


@pytest.fixture(scope="module")
def node(modules, tmp_path_factory, policies):
    """node(word, request_id, address): exit code and what was printed, a document a line."""
    running = Running(Settings(address="127.0.0.1:0", data=tmp_path_factory.mktemp("node"), workers=1))
    found(running, policies)

    def call(word, request_id, address=running.address):
        done = run(
            "node", str(EXAMPLE / "client.js"), word, address, str(SNAPSHOT), request_id,
            env=os.environ | {"NODE_PATH": str(modules)},
        )  # fmt: skip
        assert done.stdout, done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    yield call
    running.close()


def test_decide(node):
    """
    A unary call: the bundled snapshot, decided; the same request again gives the same decision.
    """
    (code, (first,)), (_, (again,)) = node("decide", "node-1"), node("decide", "node-1")

    assert 0 == code
    assert "VERDICT_REFERRED" == first["verdict"]
    assert first["approved"] > 0 < first["referred"]
    assert (first | {"isRepeat": True}) == again


def test_watch(node):
    """
    A server stream: progress, and last the decision.
    """
    code, documents = node("watch", "node-2")

    assert 0 == code
    assert all("progress" in d for d in documents[:-1])
    assert documents[-1]["name"].startswith("decisions/")


def test_error_details(node):
    """
    The field that is wrong and why, from the trailing metadata.
    """
    code, (said,) = node("decide", "")

    assert 2 == code
    assert "INVALID_ARGUMENT" == said["error"]["code"]
    assert "request_id" in {field for field, _ in said["error"]["fields"]}
    assert said["error"]["reason"]


def test_a_service_that_is_not_there(node):
    """
    A code of its own, for a client that tries again later.
    """
    code, (said,) = node("decide", "node-3", "127.0.0.1:9")

    assert 3 == code
    assert "UNAVAILABLE" == said["error"]["code"]
