"""Tryton's purchase requests become purchases when the decision service releases them."""
