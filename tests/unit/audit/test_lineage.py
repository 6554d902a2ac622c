import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from openlineage.client.event_v2 import RunEvent
from prov.model import ProvDocument

from audit import InvalidEntryError
from audit.lineage import (
    Edge,
    Lineage,
    Node,
    NodeKind,
    Run,
    as_dot,
    as_json,
    as_svg,
    as_tree,
)
from audit.lineage.openlineage_event import openlineage_event
from audit.lineage.prov_document import prov_json

FACET = Path(__file__).resolve().parents[3] / "docs" / "schemas" / "lineage-run-facet.json"
LINEAGE = Lineage(
    "orders/7",
    (
        Node("orders/7", NodeKind.PRODUCT, "order 7", {"quantity": "40"}),
        Node("decisions/1", NodeKind.PRODUCT, "decision 1"),
        Node("run", NodeKind.ACTIVITY, "decide"),
        Node("sha256:aa", NodeKind.MATERIAL, "snapshot"),
        Node("sha256:bb", NodeKind.MATERIAL, 'stock "A&B".csv', {"rows": "300"}),
        Node("sha256:cc", NodeKind.PLAN, "release 1.2.0"),
        Node("erp", NodeKind.AGENT, "erp"),
        Node("planner", NodeKind.AGENT, "planner"),
        Node("decisions/0", NodeKind.PRODUCT, "decision 0"),
    ),
    (
        Edge("orders/7", "decisions/1", "part of"),
        Edge("decisions/1", "run", "made by"),
        Edge("run", "sha256:aa", "snapshot"),
        Edge("sha256:aa", "sha256:bb", "stock"),
        Edge("run", "sha256:cc", "release"),
        Edge("run", "erp", "asked by"),
        Edge("erp", "planner", "on behalf of"),
        Edge("decisions/1", "decisions/0", "supersedes"),
        Edge("decisions/0", "sha256:aa", "snapshot"),
    ),
)
RUN = Run(
    "01890a5d-ac96-774b-bcce-b302099a8057",
    "decisions",
    "replenishment",
    datetime(2026, 11, 24, tzinfo=UTC),
    "decision-service",
    "0.1.0",
    ("01890a5d-ac96-774b-bcce-b302099a8058", "erp", "nightly"),
    {"solver": "HiGHS 1.14", "seed": "1"},
)


def test_an_order_goes_back_to_its_rows():
    """
    Ancestry is everything behind a product, directly or not.
    """
    assert {"sha256:bb", "sha256:cc", "planner", "decisions/0"} < {
        node.id for node in LINEAGE.ancestry("orders/7")
    }
    assert ["sha256:bb"] == [node.id for node in LINEAGE.ancestry("sha256:aa")]


def test_the_tree_tells_everything_once():
    """
    Roles, labels and details; what comes twice refers to the first time.
    """
    tree = as_tree(LINEAGE)

    assert tree.startswith("order 7 [orders/7]\n|    quantity: 40\n`-- part of: decision 1")
    assert tree.count("rows: 300") == 1
    assert tree.count("(see above)") == 1
    assert all(node.label in tree for node in LINEAGE.nodes)


def test_json_holds_the_whole_graph():
    """
    Nodes, edges and root read back.
    """
    content = json.loads(as_json(LINEAGE))

    assert content["root"] == "orders/7"
    assert [node.id for node in LINEAGE.nodes] == [node["id"] for node in content["nodes"]]
    assert len(LINEAGE.edges) == len(content["edges"])


def test_dot_and_svg_are_well_formed():
    """
    Quotes and ampersands are escaped; each node and edge is drawn.
    """
    dot, svg = as_dot(LINEAGE), ET.fromstring(as_svg(LINEAGE))

    assert dot.count("->") == len(LINEAGE.edges)
    assert 'stock \\"A&B\\".csv' in dot
    assert len(svg.findall("{http://www.w3.org/2000/svg}g")) == len(LINEAGE.nodes)
    assert len(svg.findall("{http://www.w3.org/2000/svg}line")) == len(LINEAGE.edges)


def test_the_openlineage_event_reads_back_with_its_library():
    """
    OpenLineage's classes accept the event, and our facet fits its published schema.
    """
    event = openlineage_event(LINEAGE, RUN)
    jsonschema.validate(event["run"]["facets"]["lineage"], json.loads(FACET.read_text()))

    assert event["run"]["runId"] == RUN.id
    assert {"namespace": "erp", "name": "nightly"}.items() <= event["run"]["facets"]["parent"]["job"].items()
    assert {"snapshot", 'stock "A&B".csv', "release 1.2.0"} == {
        dataset["name"] for dataset in event["inputs"]
    }
    assert {"order 7", "decision 1", "decision 0"} == {dataset["name"] for dataset in event["outputs"]}
    assert event["inputs"][0]["facets"]["version"]["datasetVersion"] == "sha256:aa"
    assert isinstance(RunEvent(eventTime=event["eventTime"], run=event["run"], job=event["job"]), RunEvent)
    assert json.loads(json.dumps(event)) == event
    facets = [
        *event["run"]["facets"].values(),
        *(facet for data in event["inputs"] for facet in data["facets"].values()),
    ]
    assert all(facet["_producer"] and facet["_schemaURL"] for facet in facets)


def test_the_prov_document_reads_back_with_its_library():
    """
    The PROV library reads our document and writes the same again.
    """
    content = prov_json(LINEAGE)
    document = ProvDocument.deserialize(content=json.dumps(content), format="json")

    again = ProvDocument.deserialize(content=document.serialize(format="json"), format="json")

    assert again == document
    assert {"wasGeneratedBy", "used", "wasAssociatedWith", "actedOnBehalfOf", "wasDerivedFrom"} <= set(
        content
    )
    assert len(content["entity"]) == 6
    assert any(record.get("prov:type") for record in content["wasDerivedFrom"].values())


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        ((LINEAGE.nodes[0], LINEAGE.nodes[0]), ()),
        ((LINEAGE.nodes[0],), (Edge("orders/7", "nowhere", "x"),)),
        ((LINEAGE.nodes[0],), (Edge("orders/7", "orders/7", "x"),)),
        (LINEAGE.nodes[:2], (Edge("orders/7", "decisions/1", "x"), Edge("decisions/1", "orders/7", "y"))),
    ],
)
def test_a_graph_that_cannot_be_walked_is_refused(nodes, edges):
    """
    Double ids, edges into nowhere and cycles are typed errors.
    """
    with pytest.raises(InvalidEntryError):
        Lineage("orders/7", nodes, edges)
