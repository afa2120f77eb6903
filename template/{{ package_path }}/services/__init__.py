"""The use cases: what each does in one transaction, free of the web and of SQL."""
