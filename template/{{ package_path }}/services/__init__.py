"""The use cases, each in one transaction, without HTTP and SQL."""
