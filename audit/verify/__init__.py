"""
The verification of a log: documented steps, evidence in, findings out.

The procedure is in `audit.verify.procedure`; the auditor's guide walks through it.
"""

from audit.verify.problems import Problem, ProblemKind, Verification
from audit.verify.procedure import Progress, verify

__all__ = ["Problem", "ProblemKind", "Progress", "Verification", "verify"]
