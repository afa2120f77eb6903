"""What the project is about: its models and their rules, free of the web."""
