"""Whatever tails the log from its own cursor; rebuildable, never called by `decide`."""
