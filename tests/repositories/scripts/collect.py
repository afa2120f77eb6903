#!/usr/bin/env python3
import sys

from readings import read


def merge(paths):
    seen = {}
    for path in paths:
        for r in read(path):
            seen[r.meter, r.at] = r
    return sorted(seen.values(), key=lambda r: (r.meter, r.at))


if __name__ == "__main__":
    for r in merge(sys.argv[1:]):
        print(r.meter, r.at.isoformat(), r.kwh, sep=",")
