import csv
from datetime import datetime

from dateutil.parser import parse


class Reading:
    def __init__(self, meter, at, kwh):
        self.meter = meter
        self.at = at
        self.kwh = kwh


def read(path):
    with open(path) as f:
        return [Reading(r["meter"], parse(r["at"]), float(r["kwh"])) for r in csv.DictReader(f)]


def between(readings, start, end):
    return [r for r in readings if start <= r.at < end]


def month(year, number):
    start = datetime(year, number, 1)
    end = datetime(year + number // 12, number % 12 + 1, 1)
    return start, end
