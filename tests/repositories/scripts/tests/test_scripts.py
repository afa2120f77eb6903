import pathlib

from chart import bars
from collect import merge
from readings import month, read
from summarize import totals

MARCH = pathlib.Path(__file__).parent.parent / "data" / "march.csv"


def test_totals():
    assert totals(read(MARCH)) == [("A1", 31.5), ("B2", 1.75)]


def test_merge_drops_copies():
    assert len(merge([MARCH, MARCH])) == 4


def test_december():
    assert month(2026, 12)[1].year == 2027


def test_bars():
    assert bars(read(MARCH), 10)[0] == "2026-03-01 #######"
