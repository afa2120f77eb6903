"""The core: updates rewrite it, so it is not edited here. It imports nothing outside itself."""
