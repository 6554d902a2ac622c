"""From an ERP's export to a snapshot: typed files, one SQL file per snapshot set, and findings."""

from decision_service.ingest.errors import IngestError
from decision_service.ingest.mapping import Progress, import_snapshot
from decision_service.ingest.summary import FindingCount, count_findings

__all__ = ["FindingCount", "IngestError", "Progress", "count_findings", "import_snapshot"]
