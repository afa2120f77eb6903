"""Adopt a repository: bring Tenon into it and keep what its owner has. See docs/adopt.md."""
