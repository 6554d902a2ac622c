"""The same models in Pyomo, written to be read."""
