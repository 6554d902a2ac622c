"""
Decision tables: ours, with evidence and reasons, beside zen-engine, clipspy and CEL on the same tables.

Runs with no argument. The peers run in an environment made for the run (skipped, with the reason, where that fails).
Every answer of every engine is compared with a plain reading of the table. All figures are evaluations of one fact per
second of CPU, so that a busy machine changes them little.
"""

import gc
import json
import random
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from report import Row, publish  # noqa: E402
from rules_peers import ENGINES, measured  # noqa: E402

from rules import FactField, FactSchema, FactType, compile_ruleset, evaluate  # noqa: E402

PACKAGES = ("zen-engine==2.1.3", "clipspy==1.0.6", "common-expression-language==0.10.0")
SECONDS = 1.0
TEXTS = {"category", "kind", "abc"}
SCHEMA = FactSchema(
    "1",
    tuple(
        FactField(name, FactType.TEXT if name in TEXTS else FactType.NUMBER)
        for name in ("category", "amount", "kind", "abc", "risk", "days")
    ),
)


def bands(size):
    """Category and amount: one row matches each fact."""
    categories = max(1, size // 10)
    rows = [
        {"id": f"R{i}", "answer": f"a{i}",
         "tests": {"category": {"any": [f"c{i % categories}"]},
                   "amount": {"low": i // categories * 100, "high": (i // categories + 1) * 100}}}
        for i in range(size)
    ]  # fmt: skip
    facts = [{"category": f"c{i % categories}", "amount": i // categories * 100 + 50} for i in range(size)]
    return {"columns": ["category", "amount"], "rows": rows, "facts": spread(facts), "collect": False}


def approvals(size):
    """Rows as an approval policy has them: some conditions open, texts listed, a last row without any."""
    draw = random.Random(size)
    rows = []
    for i in range(size - 1):
        low = draw.randrange(0, 100_000)
        tests = {
            "kind": {"any": draw.sample(["PURCHASE", "TRANSFER", "PRODUCTION"], draw.choice((1, 1, 2)))},
            "abc": {"any": [draw.choice("ABC")]},
            "amount": {"low": low, "high": low + draw.randrange(10, 10_000)},
            "risk": {"low": draw.randrange(0, 90)},
            "days": {"high": draw.randrange(20, 400)},
        }
        for name in draw.sample(["kind", "abc", "risk", "days"], draw.choice((1, 2))):
            del tests[name]
        rows.append({"id": f"R{i}", "answer": f"a{i % 7}", "tests": tests})
    rows.append({"id": "R-last", "answer": "go", "tests": {}})
    facts = [
        {"kind": draw.choice(["PURCHASE", "TRANSFER", "PRODUCTION"]), "abc": draw.choice("ABC"),
         "amount": draw.randrange(0, 110_000), "risk": draw.randrange(0, 101), "days": draw.randrange(0, 400)}
        for _ in range(500)
    ]  # fmt: skip
    return {
        "columns": ["kind", "abc", "amount", "risk", "days"],
        "rows": rows,
        "facts": facts,
        "collect": False,
    }


def stacked(size, matching):
    """COLLECT: of so many rows, `matching` answer each fact."""
    layers = size // matching
    rows = [
        {"id": f"R{i}", "answer": f"a{i}", "tests": {"amount": {"low": i // matching * 10, "high": (i // matching + 1) * 10}}}
        for i in range(layers * matching)
    ]  # fmt: skip
    facts = [{"amount": layer * 10 + 5} for layer in range(layers)]
    return {"columns": ["amount"], "rows": rows, "facts": spread(facts), "collect": True}


def spread(facts):
    """At most 500 of the facts, from everywhere."""
    return random.Random(0).sample(facts, min(500, len(facts)))


def plain_answers(table):
    """What the rows say, read one after the other."""
    answers = []
    for fact in table["facts"]:
        found = [
            row["answer"] for row in table["rows"] if all(passes(fact[n], t) for n, t in row["tests"].items())
        ]
        answers.append(found if table["collect"] else found[:1])
    return answers


def passes(value, test):
    if "any" in test:
        return value in test["any"]
    return (test.get("low") is None or value >= test["low"]) and (
        test.get("high") is None or value < test["high"]
    )


def policy(table):
    """The table as a policy file."""
    lines = []
    for row in table["rows"]:
        when = ", ".join(f"{name}: '{cell(test)}'" for name, test in row["tests"].items())
        lines.append(
            f"      - {{id: {row['id']}, when: {{{when}}}, then: {{answer: {row['answer']}}}, because: 'row for {{amount}}'}}\n"
        )
    return (
        "policy: bench\nversion: 1.0.0\nowner: bench\neffective: 2026-01-01\ntables:\n"
        f"  - name: t\n    stage: review\n    hit: {'COLLECT' if table['collect'] else 'FIRST'}\n"
        f"    inputs: [{', '.join(table['columns'])}]\n    outputs: {{answer: text}}\n    rows:\n{''.join(lines)}"
    )


def cell(test):
    if "any" in test:
        return ", ".join(f'"{value}"' for value in test["any"])
    low, high = test.get("low"), test.get("high")
    if low is None:
        return f"< {high}"
    return f">= {low}" if high is None else f"[{low}..{high})"


def ours(table):
    """Our evaluator: a function of a fact, and seconds to compile."""
    started = time.process_time()
    compiled = compile_ruleset({"bench.yaml": policy(table)}, SCHEMA).tables[0]
    seconds = time.process_time() - started

    def ask(fact):
        found = evaluate(compiled, fact)
        answer = found.outcome["answer"]
        assert len(found.reasons) == len(found.determining_rows)
        assert found.trace
        return list(answer) if table["collect"] else [answer]

    return ask, seconds


def decimals(facts):
    return [{name: v if isinstance(v, str) else Decimal(v) for name, v in fact.items()} for fact in facts]


def our_figure(table, seconds=SECONDS):
    """Evaluations per second; refuses a wrong answer."""
    ask, compiling = ours(table)
    facts = decimals(table["facts"])
    if [ask(fact) for fact in facts] != plain_answers(table):
        raise AssertionError("our own answers differ from the plain reading of the table")
    gc.collect()
    gc.freeze()
    figure = measured(ask, facts, seconds)
    gc.unfreeze()
    return figure, compiling


def peers(folder):
    """The interpreter of an environment with the peers."""
    uv = Path(sys.executable).parent / "uv"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "timeout": 300}
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True, **quiet)
    subprocess.run(
        [uv, "pip", "install", "-q", "--python", folder / "bin/python", *PACKAGES], check=True, **quiet
    )
    return folder / "bin/python"


def peer_figure(python, engine, table):
    """Evaluations per second of a peer, and whether every answer is right."""
    request = json.dumps(table | {"engine": engine, "seconds": SECONDS})
    script = Path(__file__).with_name("rules_peers.py")
    done = subprocess.run(
        [python, script], input=request, capture_output=True, text=True, timeout=600, check=True
    )
    found = json.loads(done.stdout)
    return found["per_second"], found["answers"] == plain_answers(table)


CASES = {
    "10 rows, bands": lambda: bands(10),
    "100 rows, bands": lambda: bands(100),
    "1,000 rows, bands": lambda: bands(1_000),
    "1,000 rows, approvals": lambda: approvals(1_000),
    "1,000 rows, 10 of them match": lambda: stacked(1_000, 10),
}
GOAL = "zen-engine with trace"


def against_peers(python):
    rows = []
    for case, build in CASES.items():
        table = build()
        our_per_second, _ = our_figure(table)
        for engine in ENGINES if python else ():
            peer, right = peer_figure(python, engine, table)
            ratio = our_per_second / peer
            is_goal = engine == GOAL and case.startswith("1,000")
            name = engine if right else f"{engine} (answers differ)"
            goal = ">= 20 times, with evidence, equal answers" if is_goal else "equal answers"
            holds = right and (ratio >= 20.0 or not is_goal)
            rows.append(Row(case, "facts per CPU second", our_per_second, peer, name, ratio, goal, holds))
        if not python:
            rows.append(Row(case, "facts per CPU second", our_per_second, None, "", None, "", None))
    return rows


def growth():
    """The cost of one fact with more rows, and with more rows that match."""
    rows = []
    few, _ = our_figure(bands(100))
    for size in (1_000, 10_000):
        many, compiling = our_figure(bands(size))
        goal = "at most 2 times the cost at 100 rows"
        rows.append(
            Row(
                f"{size:,} rows, 1 matches",
                "cost, of that at 100 rows",
                few / many,
                None,
                "",
                None,
                goal,
                few / many <= 2.0,
            )
        )
        rows.append(Row(f"{size:,} rows", "s to compile", compiling, None, "", None, "", None))
    one, _ = our_figure(stacked(10_000, 1))
    for matching in (10, 100):
        many, _ = our_figure(stacked(10_000, matching))
        goal = "at most in proportion to the rows that match"
        rows.append(
            Row(
                f"10,000 rows, {matching} match",
                "cost, of that with 1 match",
                one / many,
                None,
                "",
                None,
                goal,
                one / many <= matching,
            )
        )
    return rows


def main():
    with tempfile.TemporaryDirectory() as folder:
        try:
            python, reason = peers(Path(folder) / "peers"), ""
        except (subprocess.SubprocessError, OSError) as error:
            detail = getattr(error, "stderr", None) or error
            python, reason = None, detail.decode() if isinstance(detail, bytes) else str(detail)
        rows = against_peers(python)
        if reason:
            rows.append(Row("peers", "skipped", None, None, reason[-160:], None, "", None))
    rows += growth()
    publish("rules", rows)
    return 0 if all(row.holds is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
