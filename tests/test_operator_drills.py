"""The drills of docs/operator.md print what they show."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("documents", HERE / "test_docs.py")
documents = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(documents)
documents.VARIES += ((re.compile(r"rollbacks/[0-9a-f-]{36}"), "rollbacks/ID"),)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_drills_run_as_they_say(tmp_path):
    """
    All commands in one shell, as a newcomer types them: every line shown is printed, in order.
    """
    text = (HERE.parent / "docs" / "operator.md").read_text()
    lines = [line for block in documents.BLOCK.finditer(text) for line in block.group(2).splitlines()]
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "\n".join(commands)],
        cwd=documents.workplace(tmp_path),
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
        check=False,
    )
    shown = [line for line in lines if not line.startswith("$ ")]
    missing = [line for line, found in documents.matched(shown, done.stdout, is_exact=False) if found is None]

    assert [] == missing, done.stdout[-6000:]
