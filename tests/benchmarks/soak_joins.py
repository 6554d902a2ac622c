"""
Random join rules on random facts: the engine behind the guard against our own matcher.

    .venv/bin/python tests/benchmarks/soak_joins.py --decisions 1000000

Every ruleset decides `--each` times, then another is drawn. Anything but agreement is printed with its seed. A
negative control gives the matcher a rule with one sign changed and has to be caught.
"""

import argparse
import random
import resource
import sys
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from report import Row, publish

from rules.errors import RulesError
from rules.feel import FeelType
from rules.join_facts import JoinFact
from rules.join_matcher import JoinMatcher
from rules.join_worker import JoinEvaluation, JoinStatus, JoinWorker
from rules.joins import JoinRule, compile_joins
from rules.schema import FactField, FactSchema
from rules.yaml_reader import read_nodes

NUMBERS, TEXTS = ("n", "m", "sum.of.all"), ("s", "t")
_FIELDS = (
    *(FactField(name, FeelType.NUMBER) for name in NUMBERS),
    *(FactField(name, FeelType.TEXT) for name in TEXTS),
    FactField("on", FeelType.BOOLEAN),
)
KINDS = {"order": FactSchema("1", _FIELDS), "stage": FactSchema("1", _FIELDS)}
SIGNS = ("=", "!=", "<", "<=", ">", ">=")
_DEADLINE = 10.0


@dataclass(slots=True)
class Tally:
    """What a soak has seen."""

    decisions: int = 0
    firings: int = 0
    rulesets: int = 0
    mismatches: int = 0
    refused: int = 0
    replacements: int = 0
    seconds: float = 0.0


def random_rules(draw: random.Random) -> tuple[JoinRule, ...]:
    """One to four rules of two or three facts, each with one to five tests."""
    rules = "".join(_random_rule(draw, at) for at in range(draw.randint(1, 4)))
    problems = []
    compiled = compile_joins(read_nodes(rules, "soak.yaml").items, KINDS, problems)
    if problems:
        raise AssertionError("\n".join(map(str, problems)))
    return compiled


def _random_rule(draw: random.Random, at: int) -> str:
    aliases = "abc"[: draw.choice((2, 2, 2, 3))]
    match = ", ".join(f"{{{alias}: {draw.choice(('order', 'order', 'stage'))}}}" for alias in aliases)
    tests = [_random_test(draw, aliases) for _ in range(draw.randint(1, 5))]
    lines = "".join(f"  - '{test}'\n" for test in tests)
    return f"- name: r{at}\n  stage: conflicts\n  match: [{match}]\n  where:\n{lines}  then: {{x: y}}\n"


def _random_test(draw: random.Random, aliases: str) -> str:
    one, two = draw.sample(aliases, 2)
    number, other = draw.choice(NUMBERS), draw.choice(NUMBERS)
    match draw.randrange(7):
        case 0 | 1:
            text = draw.choice(TEXTS)
            return f"{one}.{text} {draw.choice(('=', '=', '!='))} {two}.{draw.choice((text, 's'))}"
        case 2:
            return f"{one}.{number} {draw.choice(SIGNS)} {two}.{other}"
        case 3:
            return f"{one}.{number} + {two}.{number} {draw.choice(SIGNS)} 2 * {one}.{other} - {draw.randint(0, 3)}.5"
        case 4:
            return f"{one}.{number} {draw.choice(SIGNS)} {draw.randint(-2, 4)}"
        case 5:
            return f'{one}.s in ("x", "y")'
    return f"{one}.on = {two}.on"


def random_facts(draw: random.Random) -> tuple[JoinFact, ...]:
    """Up to nine facts with few distinct values, some absent, some with decimals, so that joins hold."""
    return tuple(_random_fact(draw, at) for at in range(draw.randint(0, 9)))


def _random_fact(draw: random.Random, at: int) -> JoinFact:
    values = {name: Decimal(draw.choice(("0", "1", "-1", "2", "2.5", "0.25", "1e3"))) for name in NUMBERS}
    values |= {name: draw.choice(("x", "y", "z", "X", "x ")) for name in TEXTS}
    values["on"] = draw.random() < 0.5
    present = {name: value for name, value in values.items() if draw.random() < 0.93}
    return JoinFact(draw.choice(("order", "order", "stage")), f"f{at}", present)


def soak(worker: JoinWorker, decisions: int, each: int, seed: int) -> Tally:
    """So many decisions over random rulesets."""
    tally, started = Tally(), time.process_time()
    while tally.decisions < decisions:
        draw = random.Random(seed + tally.rulesets)
        rules = random_rules(draw)
        tally.rulesets += 1
        for _ in range(min(each, decisions - tally.decisions)):
            _decide(worker, rules, random_facts(draw), tally, seed)
    tally.seconds = time.process_time() - started
    tally.replacements = worker.replacements
    return tally


def _decide(
    worker: JoinWorker, rules: tuple[JoinRule, ...], facts: tuple[JoinFact, ...], tally: Tally, seed: int
) -> None:
    tally.decisions += 1
    try:
        evaluation = worker.evaluate(rules, facts, _DEADLINE)
    except RulesError as error:
        tally.refused += 1
        print(f"seed {seed + tally.rulesets - 1}: refused: {error}")
        return
    tally.firings += len(evaluation.firings)
    if evaluation.status is not JoinStatus.AGREED:
        tally.mismatches += 1
        print(f"seed {seed + tally.rulesets - 1}: {evaluation.status}: {evaluation.problem}")


def broken_control(worker: JoinWorker, decisions: int, seed: int) -> tuple[int, int]:
    """Decisions where a changed sign changes the answer, and how many of them were caught."""
    differing = caught = 0
    for at in range(decisions):
        draw = random.Random(seed + at)
        text = _random_rule(draw, 0).replace(" < ", " <= ", 1)
        rule, other = (
            compile_joins(read_nodes(one, "c").items, KINDS, [])[0]
            for one in (text, text.replace(" <= ", " < ", 1))
        )
        facts = random_facts(draw)
        if JoinMatcher(rule).match(facts) != JoinMatcher(other).match(facts):
            differing += 1
            caught += _evaluate_broken(worker, rule, other, facts).status is JoinStatus.DISAGREED
    return differing, caught


def _evaluate_broken(
    worker: JoinWorker, rule: JoinRule, other: JoinRule, facts: tuple[JoinFact, ...]
) -> JoinEvaluation:
    """The engine gets one rule, the matcher the other."""
    kept, _, encoded = worker._prepare(rule)
    worker._prepared[id(rule)] = (kept, JoinMatcher(other), encoded)
    return worker.evaluate((rule,), facts, _DEADLINE)


def main() -> int:
    """Soak, control, publish."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--decisions", type=int, default=1_000_000)
    arguments.add_argument("--each", type=int, default=500, help="decisions of one ruleset")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    with JoinWorker() as worker:
        tally = soak(worker, given.decisions, given.each, given.seed)
        differing, caught = broken_control(worker, 2_000, given.seed)
    print(replace(tally))
    print(f"negative control: {caught} of {differing} caught")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    case = f"{tally.decisions} decisions, {tally.rulesets} rulesets, {tally.firings} firings"
    publish(
        "soak_joins",
        [
            Row(
                case, "mismatches", tally.mismatches, 0, "own matcher", None, "0", holds=tally.mismatches == 0
            ),
            Row(
                "sign changed",
                "caught",
                caught,
                differing,
                "differing",
                None,
                "all",
                holds=caught == differing > 0,
            ),
            Row("worker", "peak memory, MB", memory, None, "", None, "< 1000", holds=memory < 1000),
        ],
    )
    return 0 if tally.mismatches == 0 and caught == differing > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
