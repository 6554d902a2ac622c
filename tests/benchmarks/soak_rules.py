"""
Random tables and damaged policy files, for long.

    .venv/bin/python tests/benchmarks/soak_rules.py --tables 2000 --files 20000

Tables: a clean one raises no alarm, each planted fault is found, and every answer on random facts is that of a look at
each row. Files: the shipped policies with random damage compile or are refused with their place; nothing else happens.
"""

import argparse
import random
import sys
import time
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests" / "crosscheck" / "rules")]

import planted  # noqa: E402
from report import Row, publish  # noqa: E402

from decision_service.facts import FACTS  # noqa: E402
from rules import (  # noqa: E402
    CompileError,
    HitPolicyError,
    Role,
    RulesError,
    check_ruleset,
    compile_ruleset,
    evaluate,
    read_charter,
    run_tests,
)

SHIPPED = ROOT / "policies" / "replenishment"
CHARTER = ROOT / "policies" / "charter.yaml"
FAULTS = {
    "gap": "UNIQUE", "overlap": "UNIQUE", "contradiction": "ANY", "shadowed": "FIRST", "shadowed_by_two": "PRIORITY",
    "impossible": "UNIQUE", "unreachable": "FIRST", "point_hole": "FIRST", "cent_hole": "UNIQUE",
    "unused_input": "FIRST", "unused_derived": "UNIQUE", "no_value": "FIRST", "no_outcome": "COLLECT",
    "exploding_join": "UNIQUE", "unknown_role": "FIRST", "empty_role": "UNIQUE",
}  # fmt: skip
TOKENS = (
    "{", "}", "[", "]", '"', "'", ":", "-", "#", "null", "not(", "..", "&a", "*a", "!!x", "|", ">", "1e999999", "9" * 40,
    "\u202e", "\u200b", "\0", "\t", "if true then", "for i in 1..1000000000 return i", "**", "= 1 +", "item.abc", "%", "@",
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """What a soak has seen."""

    tables: int = 0
    answers: int = 0
    faults: int = 0
    files: int = 0
    refused: int = 0
    problems: int = 0

    def note(self, problem: str) -> None:
        """Something that must not be."""
        self.problems += 1
        print(problem)


def charter():
    """Two roles with members, one without."""
    text = (
        "charter: c\nversion: 1.0.0\neffective: 2026-01-01\n"
        "roles:\n  buyer: {members: [ada, bob]}\n  controller: {members: [cy, dan]}\n"
        "domains:\n  all: {owner: controller, quorum: 1}\n"
        "ladders:\n  - {domain: all, severity: [LOW, MEDIUM, HIGH, CRITICAL], steps: [{role: buyer, within: P1D}], at_end: BLOCK}\n"
    )
    known = read_charter(text)
    return replace(known, roles=(*known.roles, Role(planted.EMPTY, ())))


def soak_tables(tally: Tally, count: int, seed: int) -> None:
    """Clean tables, their answers, and each fault planted in one of them."""
    who = charter()
    for at in range(count):
        draw = random.Random(seed + at)
        hit = draw.choice(["UNIQUE", "ANY", "FIRST", "PRIORITY"])
        plan = planted.clean(draw, draw.choice((3, 8, 20, 60)), hit)
        ruleset = compile_ruleset({"p.yaml": plan.text()}, planted.SCHEMA)
        tally.tables += 1
        if check_ruleset(ruleset, who):
            tally.note(f"seed {seed + at}: a false alarm")
        for _ in range(20):
            compare_answers(tally, ruleset.tables[0], random_facts(draw), seed + at)
        plant(tally, draw, who, seed + at)


def plant(tally: Tally, draw: random.Random, who, seed: int) -> None:
    """One fault in another table; the check has to say something."""
    fault = draw.choice(sorted(FAULTS))
    broken = getattr(planted, fault)(draw, planted.clean(draw, draw.choice((4, 12, 40)), FAULTS[fault]))
    if not broken:
        return
    tally.faults += 1
    if not check_ruleset(compile_ruleset({"p.yaml": broken.text()}, planted.SCHEMA), who):
        tally.note(f"seed {seed}: {fault} was not found")


def random_facts(draw: random.Random):
    """Facts of the schema, absent ones included."""
    return {
        "value": Decimal(draw.randrange(0, 250_000)),
        "risk": Decimal(draw.randrange(0, 101)).scaleb(-2),
        "score": draw.choice([None, Decimal(draw.randrange(-600, 600)).scaleb(-1)]),
        "due": date(2026, 1, 1) + timedelta(days=draw.randrange(-3_000, 3_000)),
        "kind": draw.choice(planted.KINDS),
        "code": f"{draw.randrange(10**6):06d}",
        "is_rush": draw.random() < 0.5,
        "idle": Decimal(draw.randrange(1, 9)),
    }


def compare_answers(tally: Tally, table, facts, seed: int) -> None:
    """A partition has one row for each fact: the one that a look at every row finds."""
    tally.answers += 1
    found = [row.id for row in table.rows if all(c.tests.matches(facts[c.fact], facts) for c in row.cells)]
    try:
        answered = list(evaluate(table, facts).determining_rows)
    except HitPolicyError as error:
        answered = list(error.rows)
    if len(found) != 1 and table.hit.value != "ANY":
        tally.note(f"seed {seed}: {len(found)} rows for one fact of a partition")
    if answered != found:
        tally.note(f"seed {seed}: {answered} instead of {found}")


def soak_files(tally: Tally, count: int, seed: int) -> None:
    """Random damage to the shipped files."""
    files = {path.name: path.read_text() for path in SHIPPED.glob("*.yaml") if path.name != "parameters.yaml"}
    people = CHARTER.read_text()
    for at in range(count):
        draw = random.Random(seed + at)
        name = draw.choice(sorted(files))
        tally.files += 1
        started = time.process_time()
        try:
            ruleset = compile_ruleset({**files, name: damaged(draw, files[name])}, FACTS)
            run_tests(ruleset)
            check_ruleset(ruleset, read_charter(damaged(draw, people) if at % 10 == 0 else people))
        except CompileError as error:
            tally.refused += 1
            if not error.diagnostics or not all(d.where.line >= 1 for d in error.diagnostics):
                tally.note(f"seed {seed + at}: a refusal without a place")
        except RulesError as error:
            tally.note(f"seed {seed + at}: {type(error).__name__} where a policy is read: {error}")
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            tally.note(f"seed {seed + at}: {type(error).__name__}: {error}")
        if time.process_time() - started > 20.0:
            tally.note(f"seed {seed + at}: more than 20 s")


def damaged(draw: random.Random, text: str) -> str:
    """One to three places changed: a token put in, a stretch taken out, moved, or doubled."""
    for _ in range(draw.randint(1, 3)):
        place, length = draw.randrange(len(text)), draw.choice((1, 1, 3, 20, 200))
        piece = text[place : place + length]
        other = draw.randrange(len(text))
        match draw.randrange(4):
            case 0:
                text = text[:place] + draw.choice(TOKENS) + text[place:]
            case 1:
                text = text[:place] + text[place + length :]
            case 2:
                text = text[:other] + piece + text[other:]
            case 3:
                text = text[:place] + draw.choice(TOKENS) + text[place + length :]
        text = text or "a: 1\n"
    return text


def main() -> int:
    """Soak, publish."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tables", type=int, default=2_000)
    arguments.add_argument("--files", type=int, default=5_000)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    tally = Tally()
    soak_tables(tally, given.tables, given.seed)
    soak_files(tally, given.files, given.seed)
    print(tally)
    case = f"{tally.tables} tables, {tally.faults} faults, {tally.answers} answers, {tally.files} files ({tally.refused} refused)"
    publish(
        "soak_rules", [Row(case, "problems", tally.problems, 0, "", None, "0", holds=tally.problems == 0)]
    )
    return int(tally.problems > 0)


if __name__ == "__main__":
    sys.exit(main())
