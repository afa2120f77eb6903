"""Implementations go to private modules, such as this one; `__init__.py` imports what is public."""
