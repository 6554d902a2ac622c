"""Undo what a release decided: a plan, a second person, and every order by its true state."""
