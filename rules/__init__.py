"""Facts in, outcomes with evidence out; knows nothing of supply chains, logs or the wire."""
