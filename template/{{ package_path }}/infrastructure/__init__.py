"""Implementations of the interfaces of the services: in SQL, and over HTTP."""
