"""
Starts the service again and again by forking: a round of a crash test then costs no imports.

Reads a data folder a line, with an address behind a tab where it matters, and answers with the process id
of the service that serves it. Its sessions with PostgreSQL carry the folder's name. How a service ended
stands at the end of its log.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

DATA = {}  # process id -> the folder that it serves


def serve(data, address, commands):
    """Become the service."""
    os.environ["PGAPPNAME"] = Path(data).name
    log = os.open(log_of(data), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in (1, 2):
        os.dup2(log, number)
    commands(["serve", "--data", data, "--address", address or "127.0.0.1:0"])


def log_of(data):
    return Path(data) / "service.log"


def bury(*_):
    """Whoever ended is gone at once, and its log says how."""
    with contextlib.suppress(OSError):  # nobody is left, or the folder is gone already
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            with log_of(DATA.pop(ended[0])).open("a") as log:
                log.write(f"ended: {os.waitstatus_to_exitcode(ended[1])}\n")


def main():
    # Once for every child, also what a service imports when it needs it; not at the top, which workers import again.
    import audit.sql.migrate
    import audit.sql.store  # noqa: F401
    import decision_service.bootstrap  # noqa: F401
    from decision_service.cli import load

    commands = load()
    for line in sys.stdin:
        data, _, address = line.strip().partition("\t")
        # One that ends at once is buried when its folder is known.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        child = os.fork()
        if child == 0:
            serve(data, address, commands)
        DATA[child] = data
        signal.signal(signal.SIGCHLD, bury)
        bury()
        print(child, flush=True)


if __name__ == "__main__":
    main()
