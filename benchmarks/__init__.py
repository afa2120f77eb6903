"""Costs of rendered services, as ratios that are measured within one run."""


class BenchmarkError(Exception):
    """A request failed, a server did not start, or work was not done: the run has no figure."""
