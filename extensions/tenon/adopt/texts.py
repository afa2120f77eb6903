"""Read texts of the owner."""

from pathlib import Path

from tenon.adopt.report import Refusal


def own_text(file: Path) -> str:
    """Return the text of a file, with LF; "" if there is none.

    Raises:
        Refusal: It is not UTF-8.
    """
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n") if file.is_file() else ""
    except UnicodeDecodeError:
        raise Refusal(
            f"{file.name} is not UTF-8. Convert it, for example by iconv, and commit it."
        ) from None
