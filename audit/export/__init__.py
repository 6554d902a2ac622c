"""
An export: a folder from which anyone can verify the log, with no database and no secret.

::

    manifest.json                  origin, size, number of entries, format
    entries.jsonl|.csv|.parquet    one row an entry, with its exact bytes and its inclusion proof
    checkpoint                     the signed checkpoint that the proofs lead to
    checkpoints.jsonl              of a whole log: every checkpoint
    keys.txt                       public keys; compare them with those you were given
    artifacts/ab/abcd...           content by digest
    artifacts.jsonl                media types
    README.txt                     what this is and how to check it
"""

from audit.export.evidence import ExportEvidence
from audit.export.rows import ExportFormat
from audit.export.write import export

__all__ = ["ExportEvidence", "ExportFormat", "export"]
