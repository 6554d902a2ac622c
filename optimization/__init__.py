"""Networks in, safety stocks and plans out; knows nothing of rules, logs or the wire."""
