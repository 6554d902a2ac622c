"""
Rollback: of decisions on SQLite (planning among many, executing, running it again); and the detectors of
automatic rollback beside each other.

    python tests/benchmarks/bench_rollback.py [DECISIONS]

A quarter of DECISIONS (200,000 by default) was made under the bad release. The order book has
followed the log when planning starts, as it has in a running service, and what was there before is
not searched for garbage again, as `decisionctl serve` has it.
"""

import gc
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from report import Row, publish
from rollback_detectors import rows as detectors

from audit import Artifact, NewEntry, Signer, canonical, open_ledger, upgrade
from decision_service.decision import Caller, Disposition, JudgedOrder, Outcome, Verdict
from decision_service.followers.order_book import SqliteOrderBook
from decision_service.usecases.approvals.book import OrderFilter
from decision_service.usecases.reversal.actions import Rates
from decision_service.usecases.reversal.record import Affected
from decision_service.usecases.reversal.rollback import Rollbacks
from optimization.network import LaneKind

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
SIGNER = Signer("example.com/log", bytes(range(32)))
ORDER = JudgedOrder(
    "O1", "BUY:ITEM:DC", LaneKind.PURCHASE, "ITEM@DC", "ITEM", "DC", 100.0, 100.0, date(2026, 11, 30),
    date(2026, 12, 14), 0, 2, 1000.0, Disposition.APPROVED, supplier="SUPPLIER",
)  # fmt: skip
BAD = "releases/bad@1.0.0"
RELEASES = (BAD, "releases/good@1.0.0", "releases/good@1.1.0", "releases/good@1.2.0")


def outcomes(count):
    found = []
    for place in range(count):
        order = replace(ORDER, stage=f"ITEM-{place}@DC", item=f"ITEM-{place}", cost=1000.0 + place)
        found.append(
            Artifact.of(
                "application/json", canonical.encode_object(Outcome(Verdict.APPROVED, orders=(order,)))
            )
        )
    return found


def decision(place, outcome):
    name = f"decisions/{place:08d}-0000-7000-8000-000000000000"
    envelope = {
        "name": name, "request_id": f"r{place}", "mode": "JUDGE", "scope": "*", "actor": "erp-1", "trace_id": "",
        "parents": [], "snapshot_digest": "sha256:" + "0" * 64, "release": RELEASES[place % 4],
        "outcome_digest": outcome.digest, "verdict": "APPROVED", "approved": 1, "referred": 0, "blocked": 0,
        "value": "1000.0", "rules": ["OA-99"],
    }  # fmt: skip
    return NewEntry("decision.v1", name, envelope, artifacts=(outcome,))


def fill(ledger, count):
    made = outcomes(1000)
    for start in range(0, count, 5000):
        ledger.append_all(tuple(decision(i, made[i % 1000]) for i in range(start, min(start + 5000, count))))


def timed(work):
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def main(count):
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/log.db"
        upgrade(url, MIGRATIONS)
        ledger = open_ledger(url, SIGNER, lambda: NOW)
        book = SqliteOrderBook(ledger, f"{folder}/orders.db")
        _, filling = timed(lambda: fill(ledger, count))
        _, following = timed(book.catch_up)
        gc.collect()
        gc.freeze()
        rollbacks = Rollbacks(ledger, book, lambda: NOW)
        planner, approver = Caller("planner"), Caller("approver")
        plan, planning = timed(lambda: rollbacks.plan(Affected(release=BAD), Rates(), "bench", planner))
        rollbacks.approve(plan.name, plan.digest, approver)
        _, replanning = timed(lambda: rollbacks._actions(plan.affected, plan.rates, planner))
        acted, executing = timed(lambda: rollbacks.act(plan.name, plan.digest, planner))
        size = ledger.size
        _, again = timed(lambda: rollbacks.act(plan.name, plan.digest, planner))
        added = ledger.size - size
        _, catching = timed(book.catch_up)
        voided = sum(r.state == "VOID" for r in book.each(OrderFilter(release=BAD)))
        book.close()
        ledger.close()
    print(
        f"{count:,} decisions logged in {filling:.1f} s, followed in {following:.1f} s; {plan.orders:,} orders affected"
    )
    print(f"the book caught up with the execution in {catching:.2f} s: {voided:,} orders are void")
    rate = acted.acted / executing
    return [
        Row(f"plan among {count:,}", "seconds", planning, None, "", None, "<= 2", planning <= 2),
        Row(f"execute {acted.acted:,}", "actions/s, planning again included", rate, None, "", None, ">= 50,000", rate >= 50_000),
        Row(f"execute {acted.acted:,}", "actions/s, the writing alone", acted.acted / max(executing - replanning, 1e-9), None, "", None, "", None),
        Row("run again", "entries added", float(added), None, "", None, "0", added == 0),
        Row("after it", "orders not void", float(plan.orders - voided), None, "", None, "0", voided == plan.orders),
        Row("run again", "seconds", again, None, "", None, "", None),
    ]  # fmt: skip


if __name__ == "__main__":
    publish("rollback", main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000) + detectors())
