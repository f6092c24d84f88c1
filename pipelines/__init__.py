"""Flows, the registry of models and the command line: the only room that knows the clock and the environment."""
