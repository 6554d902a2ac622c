"""Staged roll-out: business units receive a release in waves, each behind a gate."""
