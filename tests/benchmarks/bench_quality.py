"""
What a decision earns: the planner rolled through the simulator `gym-invmgmt`, as a user would.

Runs with no argument; `--shapes` adds demand shapes that the published grid does not hold. The
simulator lives in an environment made for the run (`SIMULATOR_PYTHON` names one that is there
already) and is spoken to over a pipe. Score: mean over episodes of profit / published profit of
the oracle. Seeds 42, 123, 456, 789 only: the others are kept for acceptance.
"""

import csv
import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from planner_agent import Mode, Scenario, Simulator, perfect_profit, run_episode  # noqa: E402
from report import Row, publish  # noqa: E402

from optimization.uncertain import Sampling  # noqa: E402

PUBLISHED = ROOT.parent / "shared/data/gym_invmgmt/published_per_seed.csv"
SEEDS = (42, 123, 456, 789)
SIMULATOR = Path(__file__).with_name("simulator.py")
GRID = {"A_Core", "B_PaperReplication"}
SAMPLING = Sampling()
# Mode: goal of the score, CPU seconds an episode, best published agent told as much.
GOALS = {
    Mode.SAMPLED: (0.985, 2.0, "MSSP-I"),
    Mode.PATH: (0.978, 0.2, "MSSP-I"),
    Mode.BLIND: (0.83, None, "MSSP"),
    Mode.DECLARED: (0.88, None, "MSSP"),
}
INFORMED_AGENTS = ("MSSP-I", "DLP-I", "s,S-I", "EchelonApprox-I", "Newsvendor-I")
BLIND_AGENTS = ("MSSP", "DLP", "Newsvendor", "s,S", "EchelonApprox")
SHAPE_GOALS = {Mode.SAMPLED: 0.975, Mode.BLIND: 0.89}


@dataclass(frozen=True)
class Case:
    """A scenario, and what the published agents earned in it."""

    scenario: Scenario
    published: dict


def published_cases():
    with PUBLISHED.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Block"] in GRID]
    return [
        Case(
            Scenario(
                row["Network"],
                {"type": row["Demand"], "base_mu": 20, "use_goodwill": row["Goodwill"] == "True"},
                row["Backlog"] == "True",
                int(row["Seed"]),
            ),
            {name: float(value) for name, value in row.items() if is_number(value)},
        )
        for row in rows
        if int(row["Seed"]) in SEEDS
    ]


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def shapes():
    """Means per period that the published grid does not hold, but for the first."""
    t = np.arange(30)
    noisy = {"noise_scale": 2.0}
    return {
        "stationary": (np.full(30, 20.0), {}),
        "noise x2": (np.full(30, 20.0), noisy),
        "up 5 % a period": (20.0 * (1.0 + 0.05 * t), {}),
        "down 2.5 % a period": (20.0 * (1.0 - 0.025 * t), {}),
        "season, dip first": (20.0 * (1.0 - 0.5 * np.sin(2 * np.pi * t / 30)), {}),
        "season of 12": (20.0 * (1.0 + 0.5 * np.sin(2 * np.pi * t / 12)), {}),
        "x2 from period 8": (np.where(t >= 8, 40.0, 20.0), {}),
        "x0.5 from period 10": (np.where(t >= 10, 10.0, 20.0), {}),
    }


def shape_scenarios(series, extra):
    demand = {"type": "stationary", "base_mu": 20, "external_series": series.tolist(), **extra}
    return [
        Scenario(network, demand, backlog, seed)
        for network in ("base", "serial")
        for backlog in (True, False)
        for seed in SEEDS
    ]


@contextmanager
def simulator_python():
    """The interpreter that holds the simulator; made for the run unless one is named."""
    if "SIMULATOR_PYTHON" in os.environ:
        yield os.environ["SIMULATOR_PYTHON"]
        return
    with tempfile.TemporaryDirectory() as folder:
        python, uv = Path(folder) / "peer/bin/python", Path(sys.executable).parent / "uv"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "timeout": 600}
        subprocess.run(
            [uv, "venv", "-q", "--python", sys.executable, Path(folder) / "peer"], check=True, **quiet
        )
        subprocess.run(
            [uv, "pip", "install", "-q", "--python", python, "gym-invmgmt==0.2.1"], check=True, **quiet
        )
        yield str(python)


@functools.cache
def simulator_of(python):
    """One simulator a worker process, as importing it costs more than an episode; it ends with the pipe."""
    return Simulator(python, str(SIMULATOR))


def play(python, scenario, mode):
    """One episode; in a worker process."""
    return run_episode(simulator_of(python), scenario, mode, SAMPLING)


def oracle(python, scenario):
    """Profit of perfect foresight, where demand does not react to service."""
    return perfect_profit(simulator_of(python), scenario)


def interval(differences, draws=2_000):
    """95 % of the mean, by bootstrap over scenarios (rows), seeds staying together."""
    rng = np.random.default_rng(0)
    means = np.asarray(differences).mean(axis=1)
    sampled = means[rng.integers(0, means.size, (draws, means.size))].mean(axis=1)
    return np.quantile(sampled, (0.025, 0.975))


def published_grid(pool, python):
    cases = published_cases()
    rows, scores = [], {}
    for mode, (goal, most_seconds, rival) in GOALS.items():
        episodes = list(pool.map(play, *zip(*((python, c.scenario, mode) for c in cases), strict=True)))
        score = [e.profit / c.published["Oracle"] for e, c in zip(episodes, cases, strict=True)]
        scores[mode] = statistics.fmean(score)
        seconds = statistics.fmean(e.cpu_seconds for e in episodes)
        rows += grid_rows(mode, goal, (cases, score, rival))
        limit = "" if most_seconds is None else f"<= {most_seconds} s"
        holds = None if most_seconds is None else seconds <= most_seconds
        rows.append(Row(mode.value, "CPU s an episode", seconds, None, "", None, limit, holds))
        print(mode.value, round(scores[mode], 4), f"{seconds:.2f} s", flush=True)
    for mode, agents in ((Mode.SAMPLED, INFORMED_AGENTS), (Mode.BLIND, BLIND_AGENTS)):
        for agent in agents:
            theirs = statistics.fmean(c.published[agent] / c.published["Oracle"] for c in cases)
            rows.append(
                Row(
                    mode.value, "profit / oracle", scores[mode], theirs, agent,
                    scores[mode] / theirs, "> 1", scores[mode] > theirs,
                )
            )  # fmt: skip
    return rows


def grid_rows(mode, goal, played):
    cases, score, rival = played
    mean = statistics.fmean(score)
    theirs = [c.published[rival] / c.published["Oracle"] for c in cases]
    low, high = interval((np.array(score) - theirs).reshape(-1, len(SEEDS)))
    name = f"{len(cases)} episodes, {mode.value}"
    return [
        Row(name, "profit / oracle", mean, statistics.fmean(theirs), rival, mean / statistics.fmean(theirs),
            f">= {goal}", mean >= goal),
        Row(name, "lead, 95 % from", float(low), None, rival, None, "> 0", bool(low > 0.0)),
        Row(name, "lead, 95 % to", float(high), None, rival, None, "", None),
        Row(name, "10 % quantile", float(np.quantile(score, 0.1)), None, "", None, "", None),
        Row(name, "worst", min(score), None, "", None, "", None),
    ]  # fmt: skip


def shape_transfer(pool, python):
    rows, means = [], {mode: [] for mode in SHAPE_GOALS}
    for name, (series, extra) in shapes().items():
        scenarios = shape_scenarios(series, extra)
        best = list(pool.map(oracle, [python] * len(scenarios), scenarios))
        for mode in SHAPE_GOALS:
            count = len(scenarios)
            episodes = list(pool.map(play, [python] * count, scenarios, [mode] * count))
            score = statistics.fmean(e.profit / b for e, b in zip(episodes, best, strict=True))
            means[mode].append(score)
            rows.append(Row(f"{name}, {mode.value}", "profit / oracle", score, None, "", None, "", None))
            print(name, mode.value, round(score, 4), flush=True)
    for mode, goal in SHAPE_GOALS.items():
        mean = statistics.fmean(means[mode])
        rows.append(
            Row(
                f"8 shapes, {mode.value}", "profit / oracle", mean, None, "", None, f">= {goal}", mean >= goal
            )
        )
    return rows


def main():
    start = time.perf_counter()
    context = get_context("spawn")
    try:
        with simulator_python() as python, ProcessPoolExecutor(2, mp_context=context) as pool:
            rows = published_grid(pool, python) if PUBLISHED.is_file() else []
            if "--shapes" in sys.argv[1:] or not PUBLISHED.is_file():
                rows += shape_transfer(pool, python)
    except (subprocess.SubprocessError, OSError) as reason:
        detail = getattr(reason, "stderr", None) or str(reason)
        text = detail.decode() if isinstance(detail, bytes) else detail
        rows = [Row("simulator", "skipped", None, None, f"gym-invmgmt: {text[-160:]}", None, "", None)]
    rows.append(Row("whole run", "s", time.perf_counter() - start, None, "", None, "", None))
    publish("quality", rows)


if __name__ == "__main__":
    main()
