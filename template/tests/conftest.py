"""Fixtures for every test. This file is yours: updates never touch it."""

pytest_plugins = ["support.fixtures"]
