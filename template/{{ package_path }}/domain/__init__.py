"""The models and their rules, without HTTP."""
