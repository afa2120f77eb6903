from click.testing import CliRunner

from tariffs.cli import main


def test_quote():
    result = CliRunner().invoke(main, ["quote", "DE", "FR", "1200"])
    assert (result.exit_code, result.output) == (0, "11.40\n")


def test_error():
    result = CliRunner().invoke(main, ["quote", "DE", "XX", "1200"])
    assert "unknown country: XX" in result.output


def test_steps():
    assert "up to grams" in CliRunner().invoke(main, ["steps"]).output
