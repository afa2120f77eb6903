from {{ package_name }}.errors import Error


class ArgumentError(Error):
    """An argument is outside its range."""


class UnitError(Error):
    """A unit is unknown."""


class ReadingError(Error):
    """A line is not a reading.

    Attributes:
        line_number: Position of the line in the input, from 1.
        reason: What is wrong with the line.
    """

    def __init__(self, line_number: int, reason: str) -> None:
        super().__init__(line_number, reason)  # pickle and copy call the class with these
        self.line_number = line_number
        self.reason = reason

    def __str__(self) -> str:
        return f"line {self.line_number}: {self.reason}"
