"""
A lineage as an OpenLineage run event, built with OpenLineage's own library.

Materials and plans are input datasets with their digest as version, products output datasets; who
asked, and everything else about the run, is in the facet ``lineage``, whose schema is
`docs/schemas/lineage-run-facet.json`.
"""

from typing import Any

import attr
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, RunEvent, RunState
from openlineage.client.event_v2 import Run as LineageRun
from openlineage.client.facet_v2 import RunFacet, dataset_version_dataset, parent_run, processing_engine_run
from openlineage.client.serde import Serde

from audit.entry import format_time
from audit.lineage.graph import Lineage, Node, NodeKind
from audit.lineage.run import Run

PRODUCER = "https://decision-service.example/audit"
FACET_SCHEMA = "https://decision-service.example/schemas/1-0-0/lineage-run-facet.json"


@attr.define
class _LineageRunFacet(RunFacet):
    """What OpenLineage has no facet for."""

    root: str = ""
    agents: list[str] = attr.field(factory=list)
    facts: dict[str, str] = attr.field(factory=dict)

    @staticmethod
    def _get_schema() -> str:
        return FACET_SCHEMA


def openlineage_event(lineage: Lineage, run: Run) -> dict[str, Any]:
    """Return a COMPLETE event as JSON-ready data."""
    inputs = [_input(node, run) for node in lineage.nodes if node.kind in (NodeKind.MATERIAL, NodeKind.PLAN)]
    outputs = [_output(node, run) for node in lineage.nodes if node.kind is NodeKind.PRODUCT]
    event = RunEvent(
        eventTime=format_time(run.at),
        producer=PRODUCER,
        eventType=RunState.COMPLETE,
        run=LineageRun(run.id, _run_facets(lineage, run)),
        job=Job(run.namespace, run.job),
        inputs=inputs,
        outputs=outputs,
    )
    content: dict[str, Any] = Serde.to_dict(event)
    return content


def _run_facets(lineage: Lineage, run: Run) -> dict[str, Any]:
    agents = [node.label for node in lineage.nodes if node.kind is NodeKind.AGENT]
    facets: dict[str, Any] = {
        "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
            version=run.version, name=run.engine
        ),
        "lineage": _LineageRunFacet(root=lineage.root, agents=agents, facts=dict(run.facts)),
    }
    if run.parent:
        run_id, namespace, job = run.parent
        facets["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(run_id),
            job=parent_run.Job(namespace, job),
        )
    return facets


def _input(node: Node, run: Run) -> InputDataset:
    return InputDataset(run.namespace, node.label, facets=_version(node))


def _output(node: Node, run: Run) -> OutputDataset:
    return OutputDataset(run.namespace, node.label, facets=_version(node))


def _version(node: Node) -> dict[str, Any]:
    return {"version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=node.id)}
