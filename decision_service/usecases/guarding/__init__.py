"""Automatic rollback: indicators from the log, an always-valid test, and a trip that people finish."""
