"""Implementations of the interfaces in services/ports.py."""
