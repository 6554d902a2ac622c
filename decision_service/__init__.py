"""The governed decision service: composes rules, optimisation and audit."""
