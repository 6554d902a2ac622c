"""Entries and digests in, proofs out; knows nothing of decisions, rules or the wire."""
