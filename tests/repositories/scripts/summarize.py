#!/usr/bin/env python3
import sys

from tabulate import tabulate

from readings import between, month, read


def totals(readings):
    found = {}
    for r in readings:
        low, high = found.get(r.meter, (r.kwh, r.kwh))
        found[r.meter] = (min(low, r.kwh), max(high, r.kwh))
    return [(meter, round(high - low, 3)) for meter, (low, high) in sorted(found.items())]


def main(argv):
    path, year, number = argv
    start, end = month(int(year), int(number))
    print(tabulate(totals(between(read(path), start, end)), headers=["meter", "kWh"]))


if __name__ == "__main__":
    main(sys.argv[1:])
