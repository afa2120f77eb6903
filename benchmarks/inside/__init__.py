"""Modules that run in the environment of a rendered project, so they import nothing else here."""
