"""The AdventureWorks export through its mapping, against facts counted by other means."""

import csv
import re
import shutil
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from decision_service.ingest import count_findings, import_snapshot
from optimization.network import Firmness, LaneKind
from optimization.validate import validate_snapshot

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "examples" / "adventureworks"
SOURCE = ROOT / "../shared/data/adventureworks"

pytestmark = pytest.mark.skipif(
    not SOURCE.is_dir(), reason="the AdventureWorks export lies beside the checkout"
)


@pytest.fixture(scope="module")
def snapshot():
    return import_snapshot(MAPPING, SOURCE)


@pytest.fixture(scope="module")
def export():
    """Plain rows, read without DuckDB."""

    def table(name):
        with (SOURCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    return table


@pytest.fixture
def copies(tmp_path):
    """The mapping and the export, free to be changed."""
    shutil.copytree(MAPPING, tmp_path / "mapping")
    shutil.copytree(SOURCE, tmp_path / "source")
    for path in (tmp_path / "source", *(tmp_path / "source").iterdir()):
        path.chmod(0o755)
    return tmp_path / "mapping", tmp_path / "source"


def findings(snapshot, kind):
    return [finding for finding in snapshot.findings if finding.kind == kind]


def test_every_contradiction_is_counted(snapshot):
    """
    The summary holds the counts that were checked on the data by hand.
    """
    assert {
        ("COMPONENTS_ABOVE_STANDARD_COST", "DEFAULTED"): 12,
        ("DISCONTINUED_ITEM", "EXCLUDED"): 86,
        ("DISCONTINUED_ITEM", "KEPT"): 12,
        ("DUE_BEFORE_ORDERED", "KEPT"): 7,
        ("DUPLICATE_ORDER_LINE", "KEPT"): 3,
        ("EXPIRED_BOM", "EXCLUDED"): 199,
        ("HISTORY_GAP", "DEFAULTED"): 1,
        ("INACTIVE_SUPPLIER", "EXCLUDED"): 17,
        ("INACTIVE_SUPPLIER_ORDER", "KEPT"): 12,
        ("MADE_FROM_NOTHING", "EXCLUDED"): 4,
        ("MADE_WITHOUT_BOM", "EXCLUDED"): 1,
        ("MISSING_STOCK", "DEFAULTED"): 4,
        ("MISSING_STOCK", "EXCLUDED"): 68,
        ("NO_UNIT_FACTOR", "EXCLUDED"): 274,
        ("ON_ORDER_CONTRADICTION", "KEPT"): 364,
        ("PURCHASED_WITHOUT_USE", "KEPT"): 124,
        ("REORDER_POINT_BELOW_SAFETY_STOCK", "EXCLUDED"): 504,
        ("SINGLE_LEAD_TIME", "DEFAULTED"): 1,
        ("SPARSE_HISTORY", "DEFAULTED"): 32,
        ("STOCK_UNIT_UNSTATED", "DEFAULTED"): 146,
        ("UNUSUAL_ORDER", "KEPT"): 1,
        ("WORK_CENTRE_WITHOUT_ROUTING", "EXCLUDED"): 7,
        ("ZERO_COST", "DEFAULTED"): 199,
        ("ZERO_COST", "EXCLUDED"): 1,
    } == {(row.kind, row.action): row.count for row in count_findings(snapshot.findings)}


def test_every_finding_says_what_was_done(snapshot):
    """
    An action is one of four words and its detail; ids fit the contract.
    """
    for finding in snapshot.findings:
        assert re.match(r"(EXCLUDED|DEFAULTED|CAPPED|KEPT): .", finding.action)
        assert 0 < len(finding.subject) <= 128
        assert finding.message


def test_all_files_are_in_the_lineage(snapshot):
    """
    Digest, row count and contract of every file, as in the export's own table of contents.
    """
    rows = {file.name: file.rows for file in snapshot.sources if not file.name.startswith("mapping/")}

    assert {
        "BillOfMaterials.csv": 2679,
        "Location.csv": 14,
        "Product.csv": 504,
        "ProductCategory.csv": 4,
        "ProductInventory.csv": 1069,
        "ProductSubcategory.csv": 37,
        "ProductVendor.csv": 460,
        "PurchaseOrderDetail.csv": 8845,
        "PurchaseOrderHeader.csv": 4012,
        "Vendor.csv": 104,
    } == rows


def test_purchased_items_and_their_vendors(snapshot, export):
    """
    265 purchased items, 152 of them multi-sourced; 182 with standard cost 0, all valued nonetheless.
    """
    purchased = {item.id: item for item in snapshot.items if item.classes["procurement"] == "purchased"}
    offers = Counter(row[0] for row in export("ProductVendor"))
    zero = {row[2] for row in export("Product") if row[3] == "0" and float(row[8]) == 0.0}

    assert 265 == len(purchased) == len(offers)
    assert 152 == sum(count > 1 for count in offers.values())
    assert 182 == len(zero)
    assert all(item.value > 0 for item in snapshot.items)
    assert zero <= {finding.subject for finding in findings(snapshot, "ZERO_COST")}


def test_no_lane_leads_to_an_inactive_vendor(snapshot):
    """
    Four vendors are inactive; their 17 offers are findings, and no order can be placed there.
    """
    inactive = {supplier.id for supplier in snapshot.suppliers if not supplier.is_active}

    assert 4 == len(inactive)
    assert not [lane for lane in snapshot.lanes if lane.supplier in inactive]


def test_lanes_carry_lead_time_minimum_maximum_and_price(snapshot, export):
    """
    What a purchase lane says is what its item-vendor row says.
    """
    number = {row[0]: row[2] for row in export("Product")}
    account = {row[0]: row[1] for row in export("Vendor")}
    offered = {f"BUY:{number[r[0]]}:{account[r[1]]}": r for r in export("ProductVendor")}
    lanes = [lane for lane in snapshot.lanes if lane.kind is LaneKind.PURCHASE]

    excluded = {finding.subject for finding in findings(snapshot, "INACTIVE_SUPPLIER")}
    ended = {row[2] for row in export("Product") if row[3] == "0" and row[21]}
    open_to_orders = {lane for lane in offered if lane.split(":")[1] not in ended} - excluded

    assert (17, 22) == (len(excluded), len(ended))
    assert open_to_orders == {lane.id for lane in lanes}
    for lane in lanes:
        row = offered[lane.id]
        assert (float(row[2]), float(row[3]), float(row[6]), float(row[7])) == (
            lane.lead_time,
            lane.unit_cost,
            lane.minimum,
            lane.maximum,
        )


def test_stock_on_hand_is_the_sum_over_areas(snapshot, export):
    """
    On hand per item; an item without a stock row stands at zero with a finding.
    """
    number = {row[0]: row[2] for row in export("Product")}
    counted = defaultdict(float)
    for row in export("ProductInventory"):
        counted[number[row[0]]] += float(row[4])
    missing = {finding.subject for finding in findings(snapshot, "MISSING_STOCK")}

    assert 72 == len(missing)
    assert {stage.item: counted.get(stage.item, 0.0) for stage in snapshot.stages} == {
        stage.item: stage.on_hand for stage in snapshot.stages
    }
    assert missing.isdisjoint(counted)


def test_on_order_is_what_has_not_been_received(snapshot):
    """
    1,554 units on 24 of the open lines; the item-vendor row agrees with the orders for 83 of 364 pairs.
    """
    stated = [
        re.findall(r"\d+", finding.message)[:3] for finding in findings(snapshot, "ON_ORDER_CONTRADICTION")
    ]

    assert (24, 1554.0) == (len(snapshot.receipts), sum(receipt.quantity for receipt in snapshot.receipts))
    assert 83 == sum(by_vendor == by_lines for by_vendor, by_lines, _ in stated)
    assert 1554 == sum(int(still) for _, _, still in stated)
    assert all(receipt.due < snapshot.as_of for receipt in snapshot.receipts)
    assert {Firmness.PROPOSED: 21, Firmness.RELEASED: 3} == Counter(r.firmness for r in snapshot.receipts)


def test_the_order_worth_a_million_and_the_repeated_lines(snapshot):
    """
    PO 4012 stands out; PO 4008 lists two items five times.
    """
    (unusual,) = findings(snapshot, "UNUSUAL_ORDER")

    assert "PO4012" == unusual.subject
    assert unusual.message.startswith("worth 1097448; ")
    assert {"PO4008"} == {
        finding.subject.split("-")[0] for finding in findings(snapshot, "DUPLICATE_ORDER_LINE")
    }
    assert "8788 of 8845 lines" in findings(snapshot, "SINGLE_LEAD_TIME")[0].message


def test_history_is_what_was_bought_week_by_week(snapshot, export):
    """
    52 weeks before the records stop; rejected orders never count; later orders count in the last week.
    """
    number = {row[0]: row[2] for row in export("Product")}
    header = {row[0]: (row[2], date.fromisoformat(row[6][:10])) for row in export("PurchaseOrderHeader")}
    until = date(2025, 8, 4)
    bought = defaultdict(lambda: [0.0] * 52)
    for row in export("PurchaseOrderDetail"):
        rejected, ordered = header[row[0]][0] == "3", header[row[0]][1]
        week = max(((until - ordered).days - 1) // 7, 0)
        if not rejected and week < 52:
            bought[f"{number[row[4]]}@AW"][51 - week] += float(row[3])
    sparse = {f"{finding.subject}@AW" for finding in findings(snapshot, "SPARSE_HISTORY")}
    histories = {demand.stage: demand.history for demand in snapshot.demands if demand.history}

    assert 243 == len(histories)
    for stage, history in histories.items():
        if stage in sparse:
            assert sum(bought[stage]) == pytest.approx(sum(history))
            assert 1 == len(set(history))
        else:
            assert tuple(bought[stage]) == history


def test_the_build_plan_is_exploded_level_by_level(snapshot, export):
    """
    Production lanes for what the plan needs, four levels deep, from rows that have not expired.
    """
    with (MAPPING / "build_plan.csv").open() as file:
        planned = sum(int(row["quantity"]) for row in csv.DictReader(file))
    number = {row[0]: row[2] for row in export("Product")}
    active = {
        (number[row[1]], number[row[2]]): float(row[7])
        for row in export("BillOfMaterials")
        if row[1] and not row[4]
    }
    made = {lane.stage: lane for lane in snapshot.lanes if lane.kind is LaneKind.PRODUCTION}
    finished = [demand for demand in snapshot.demands if demand.mean]

    def depth(stage):
        return (
            1 + max((depth(part.stage) for part in made[stage].components), default=0) if stage in made else 0
        )

    assert (5, planned) == (len(finished), sum(sum(demand.mean) for demand in finished))
    assert 4 == max(depth(demand.stage) for demand in finished)
    assert 2383 == len(active)
    assert all(lane.components for lane in made.values())
    for stage, lane in made.items():
        for part in lane.components:
            assert active[stage.removesuffix("@AW"), part.stage.removesuffix("@AW")] == part.quantity


def test_all_references_resolve(snapshot):
    """
    Stages, lanes, demands and receipts speak of what the snapshot holds.
    """
    items, stages = {item.id for item in snapshot.items}, {stage.id for stage in snapshot.stages}
    lanes, suppliers = {lane.id for lane in snapshot.lanes}, {supplier.id for supplier in snapshot.suppliers}

    assert {stage.item for stage in snapshot.stages} == items
    assert {lane.stage for lane in snapshot.lanes} <= stages
    assert {lane.supplier for lane in snapshot.lanes} - {""} <= suppliers
    assert {part.stage for lane in snapshot.lanes for part in lane.components} <= stages
    assert {demand.stage for demand in snapshot.demands} <= stages
    assert {receipt.stage for receipt in snapshot.receipts} <= stages
    assert {receipt.lane for receipt in snapshot.receipts} - {""} <= lanes


def test_planning_accepts_it(snapshot):
    """
    Nothing in it contradicts itself; 24 receipts are overdue.
    """
    assert {"OVERDUE_RECEIPT": 24} == Counter(finding.kind for finding in validate_snapshot(snapshot))


def test_the_same_export_gives_the_same_snapshot(snapshot):
    """
    An import is a function of its files.
    """
    assert import_snapshot(MAPPING, SOURCE) == snapshot


def test_a_vendor_with_another_unit_is_excluded_until_the_factor_is_stated(copies):
    """
    A unit that the item's other vendors do not sell in has no factor; a stated one brings the lane back.
    """
    mapping, source = copies
    path = source / "ProductVendor.csv"
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    several = Counter(row[0] for row in rows)
    changed = next(row for row in rows if several[row[0]] > 2 and row[9] == "EA ")
    changed[9] = "BOX"
    path.write_text("".join("\t".join(row) + "\n" for row in rows))

    without = import_snapshot(mapping, source)
    (finding,) = (f for f in findings(without, "NO_UNIT_FACTOR") if f.subject.startswith("BUY:"))

    assert finding.subject not in {lane.id for lane in without.lanes}
    assert "sold in BOX, stocked in EA" in finding.message

    item = finding.subject.split(":")[1]
    (mapping / "unit_factors.csv").write_text(f"item,from_unit,to_unit,factor\n{item},BOX,EA,6\n")
    stated = import_snapshot(mapping, source)

    assert "BOX" == next(lane.unit for lane in stated.lanes if lane.id == finding.subject)
    assert (item, "BOX", "EA", 6.0) == (
        stated.conversions[0].item,
        stated.conversions[0].from_unit,
        stated.conversions[0].to_unit,
        stated.conversions[0].factor,
    )


def test_a_stated_factor_brings_a_component_into_the_build_plan(copies):
    """
    Chains are bought by the dozen and used singly: nobody says that a dozen is twelve, until somebody does.
    """
    mapping, source = copies
    (mapping / "unit_factors.csv").write_text("item,from_unit,to_unit,factor\nCH-0234,EA,DZ,0.0833333333\n")

    snapshot = import_snapshot(mapping, source)
    used = [part for lane in snapshot.lanes for part in lane.components if part.stage == "CH-0234@AW"]

    assert {0.0833333333} == {part.quantity for part in used}
    assert 274 - 97 == len(findings(snapshot, "NO_UNIT_FACTOR"))
