"""Proof of rulesets, held against faults planted in random tables: all found, with witnesses that hold; no false alarm."""

import importlib.util
import random
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rules import (
    DerivationError,
    FindingKind,
    HitPolicyError,
    Role,
    check_ruleset,
    compile_ruleset,
    evaluate,
    read_charter,
)
from rules.evaluator import derive

SEEDS = range(12)
SIZES = (4, 12, 40)


@pytest.fixture(scope="module")
def planted():
    spec = importlib.util.spec_from_file_location("planted", Path(__file__).with_name("planted.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["planted"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def charter(planted):
    known = read_charter(
        "charter: c\nversion: 1.0.0\neffective: 2026-01-01\n"
        "roles:\n  buyer: {members: [ada, bob]}\n  controller: {members: [cy, dan]}\n"
        "domains:\n  all: {owner: controller, quorum: 1}\n"
        "ladders:\n  - {domain: all, severity: [LOW, MEDIUM, HIGH, CRITICAL], steps: [{role: buyer, within: P1D}], at_end: BLOCK}\n"
    )
    return replace(known, roles=(*known.roles, Role(planted.EMPTY, ())))


def compiled(plan, planted):
    return compile_ruleset({"p.yaml": plan.text()}, planted.SCHEMA)


@pytest.mark.parametrize("hit", ["UNIQUE", "ANY", "FIRST", "PRIORITY"])
def test_clean_tables_raise_no_alarm(planted, charter, hit):
    """
    Random partitions of all facts, of 4 to 40 rows over up to five inputs: nothing to find.
    """
    for seed in SEEDS:
        for size in SIZES:
            ruleset = compiled(planted.clean(random.Random(seed), size, hit), planted)

            assert () == check_ruleset(ruleset, charter), (seed, size)


FAULTS = {
    "gap": (FindingKind.GAP, ("UNIQUE", "ANY", "FIRST", "PRIORITY")),
    "overlap": (FindingKind.OVERLAP, ("UNIQUE",)),
    "contradiction": (FindingKind.CONTRADICTION, ("ANY",)),
    "shadowed": (FindingKind.NEVER_FIRES, ("FIRST", "PRIORITY")),
    "shadowed_by_two": (FindingKind.NEVER_FIRES, ("FIRST", "PRIORITY")),
    "impossible": (FindingKind.NEVER_FIRES, ("UNIQUE", "ANY", "FIRST", "PRIORITY", "COLLECT")),
    "unreachable": (FindingKind.UNREACHABLE_OUTPUT, ("UNIQUE", "FIRST", "COLLECT")),
    "point_hole": (FindingKind.THRESHOLD_HOLE, ("UNIQUE", "ANY", "FIRST", "PRIORITY")),
    "cent_hole": (FindingKind.THRESHOLD_HOLE, ("UNIQUE", "ANY", "FIRST", "PRIORITY")),
    "unused_input": (FindingKind.UNUSED_FACT, ("UNIQUE", "FIRST")),
    "unused_derived": (FindingKind.UNUSED_FACT, ("UNIQUE", "FIRST")),
    "no_value": (FindingKind.NO_VALUE, ("UNIQUE", "FIRST")),
    "no_outcome": (FindingKind.NO_VALUE, ("UNIQUE", "FIRST", "COLLECT")),
    "exploding_join": (FindingKind.JOIN_EXPLOSION, ("UNIQUE",)),
    "unknown_role": (FindingKind.UNKNOWN_ROLE, ("UNIQUE", "COLLECT")),
    "empty_role": (FindingKind.EMPTY_ROLE, ("UNIQUE", "COLLECT")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_planted_fault_is_found(planted, charter, fault):
    """
    One fault in an otherwise clean table: found, named, and proven by a fact for which it shows.
    """
    kind, hits = FAULTS[fault]
    planted_faults = 0
    for seed in SEEDS:
        for size in SIZES:
            draw = random.Random(1_000 + seed)
            plan = planted.clean(draw, size, draw.choice(hits))
            broken = getattr(planted, fault)(draw, plan)
            if not broken:
                continue
            planted_faults += 1
            ruleset = compiled(broken, planted)
            found = [finding for finding in check_ruleset(ruleset, charter) if finding.kind is kind]

            assert found, (seed, size)
            for finding in found:
                hold_witness(ruleset, finding)
    assert planted_faults >= len(SEEDS)


def test_every_kind_of_finding_is_planted():
    """
    But for the one that says where the check could not look.
    """
    assert set(FindingKind) - {FindingKind.NOT_ANALYSED} == {kind for kind, _ in FAULTS.values()}


def hold_witness(ruleset, finding):
    """The fact of a finding shows what the finding says."""
    facts = dict(finding.witness)
    match finding.kind:
        case FindingKind.GAP | FindingKind.THRESHOLD_HOLE:
            assert () == evaluate(ruleset.table("t"), facts).determining_rows
        case FindingKind.OVERLAP | FindingKind.CONTRADICTION:
            with pytest.raises(HitPolicyError) as refused:
                evaluate(ruleset.table("t"), facts)
            assert {finding.rows[0], finding.rows[1]} <= set(refused.value.rows)
        case FindingKind.NEVER_FIRES if facts:
            table = ruleset.table("t")
            row = next(row for row in table.rows if row.id == finding.rows[0])
            assert all(cell.tests.matches(facts[cell.fact], facts) for cell in row.cells)
            assert finding.rows[1:] == evaluate(table, facts).determining_rows
        case FindingKind.NO_VALUE if finding.table == "facts":
            with pytest.raises(DerivationError):
                derive(ruleset.derived, facts)
        case FindingKind.NO_VALUE:
            with pytest.raises(DerivationError, match="has no value for these facts"):
                evaluate(ruleset.table("t"), facts)
        case FindingKind.JOIN_EXPLOSION:
            assert facts


def test_a_thousand_rows_within_five_seconds(planted, charter):
    """
    Clean, and with a gap and an overlap in it: 5 s of CPU, all findings there.
    """
    draw = random.Random(7)
    plan = planted.clean(draw, 1_000, "UNIQUE")
    broken = planted.gap(draw, planted.point_hole(draw, plan))
    for text, kinds in ((plan, set()), (broken, {FindingKind.GAP, FindingKind.THRESHOLD_HOLE})):
        ruleset = compiled(text, planted)
        started = time.process_time()
        found = check_ruleset(ruleset, charter)

        assert time.process_time() - started < 5.0
        assert kinds == {finding.kind for finding in found}
