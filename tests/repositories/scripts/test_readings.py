from readings import between, month


def test_month_has_no_readings():
    assert between([], *month(2026, 3)) == []
