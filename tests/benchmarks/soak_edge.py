"""
Fuzz the proto edge for a while: `python tests/benchmarks/soak_edge.py [MINUTES]`, an hour by default.

Rounds of the fuzz tests with new random messages each, until the time is over; ends at the first failure.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = 100


def main(minutes: float) -> int:
    """Return the exit code of the first round that failed, 0 when none did."""
    until, rounds = time.monotonic() + 60 * minutes, 0
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "tests/integration/edge/test_fuzz.py",
        "--timeout=3000",
    ]
    while time.monotonic() < until:
        rounds += 1
        environment = os.environ | {"FUZZ_EXAMPLES": str(EXAMPLES)}
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if code:
            print(f"round {rounds} failed")
            return code
    print(f"{rounds} rounds of {EXAMPLES} messages a method and kind: no crash, no hang, no INTERNAL")
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
