"""Killable processes: what is heavy, or may crash, runs here."""
