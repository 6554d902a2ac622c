"""Timers of waiting orders: who is asked next, and what happens at the end."""
