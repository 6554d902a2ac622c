"""
Starts the service again and again by forking: a round of a crash test then costs no imports.

Reads a data folder a line, with an address behind a tab where it matters, and answers with the process id
of the service that serves it. Its sessions with PostgreSQL carry the folder's name.
"""

import os
import signal
import sys
from pathlib import Path


def serve(line, commands):
    """Become the service."""
    data, _, address = line.partition("\t")
    os.environ["PGAPPNAME"] = Path(data).name
    log = os.open(Path(data) / "service.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in (1, 2):
        os.dup2(log, number)
    commands(["serve", "--data", data, "--address", address or "127.0.0.1:0"])


def main():
    # Once for every child, also what a service imports when it needs it; not at the top, which workers import again.
    import audit.sql.migrate
    import audit.sql.store  # noqa: F401
    import decision_service.bootstrap  # noqa: F401
    from decision_service.cli import load

    commands = load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever is killed is gone at once
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            serve(line.strip(), commands)
        print(child, flush=True)


if __name__ == "__main__":
    main()
