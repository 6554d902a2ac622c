"""What people decide about orders: who may sign, what they may change, and what follows, from the log alone."""
