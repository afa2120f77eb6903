"""Ratios of things that were measured in pairs, one right after the other."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one load of a server took.

    Attributes:
        cpu: Seconds of CPU a request.
        rate: Requests a second.
    """

    cpu: float
    rate: float


Pair = tuple[Sample, Sample]
"""The baseline's sample, and the subject's."""


def kept(pairs: Iterable[Pair]) -> float:
    """Return how much of the requests that the baseline serves with some CPU the subject does."""
    return statistics.median(baseline.cpu / subject.cpu for baseline, subject in pairs)


def rate(pairs: Iterable[Pair]) -> float:
    """Return the subject's requests a second, as a multiple of the baseline's."""
    return statistics.median(subject.rate / baseline.rate for baseline, subject in pairs)


def times(pairs: Iterable[tuple[float, float]]) -> float:
    """Return how many times the baseline's figure the subject's is."""
    return statistics.median(subject / baseline for baseline, subject in pairs)
