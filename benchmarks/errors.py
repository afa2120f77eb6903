"""What makes a run worthless."""


class BenchmarkError(Exception):
    """A request failed, a server did not start, or work that was paid for was not done."""
