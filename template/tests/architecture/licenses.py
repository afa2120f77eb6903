"""Fail if the licence of a package that users install does not fit that of the project."""

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

from license_expression import ExpressionError, Licensing  # type: ignore[import-untyped]  # it has no types
from packaging.requirements import Requirement

FITTING = {
    *("0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0"),
    *("CC0-1.0", "CNRI-Python", "HPND", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0"),
    *("Python-2.0", "Unicode-3.0", "Unlicense", "Zlib"),
    *("LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "MPL-2.0"),
    # Classifiers and texts of packages without an SPDX expression:
    *("3-Clause BSD License", "Apache 2.0", "Apache License 2.0", "Apache Software License"),
    *("BSD", "BSD License", "ISC License (ISCL)", "MIT License", "The Unlicense (Unlicense)"),
    *("Mozilla Public License 2.0 (MPL 2.0)", "Python Software Foundation License"),
    "zlib/libpng License",
    "GNU Lesser General Public License v2 or later (LGPLv2+)",
    "GNU Lesser General Public License v3 (LGPLv3)",
    "GNU Lesser General Public License v3 or later (LGPLv3+)",
}
"""Licences that fit a project of any licence: they ask nothing of code that imports a package."""

FITTING_GPL = {
    *("GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later"),
    "GNU General Public License v2 or later (GPLv2+)",
    "GNU General Public License v3 (GPLv3)",
    "GNU General Public License v3 or later (GPLv3+)",
}
"""More licences that fit a project below the GPL 3.0 or later."""


def installed(requirements: Iterable[str]) -> dict[str, Distribution]:
    """Return the packages that requirements install here, by normalised name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    left = [(Requirement(text), "") for text in requirements]
    while left:
        requirement, extra = left.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        package = found.setdefault(name, distribution(name))
        for wanted in {"", *requirement.extras}:
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                left += [(Requirement(text), wanted) for text in package.requires or ()]
    return found


def licenses(package: Distribution) -> list[str]:
    """Return the SPDX expression of a package, or else its classifiers, or its free text."""
    about = package.metadata
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier") or ()
        if text.startswith("License :: ") and text != "License :: OSI Approved"
    ]
    stated = about.get_all("License-Expression") or classifiers or about.get_all("License") or ()
    return [text.strip() for text in stated if text.strip() not in {"", "UNKNOWN"}]


def fits(license_text: str, fitting: set[str]) -> bool:
    """Return whether a licence is fitting; `OR` and `AND` of an SPDX expression count."""
    if license_text in fitting:
        return True
    licensing = Licensing()
    try:
        expression = licensing.parse(license_text)
    except ExpressionError:
        return False
    if expression is None:  # the text is empty
        return False
    values = {
        symbol: licensing.TRUE if str(symbol) in fitting else licensing.FALSE
        for symbol in expression.get_symbols()
    }
    return bool(expression.subs(values, simplify=True) == licensing.TRUE)


def main() -> None:
    """Name each package whose licence does not fit."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    own = project["project"]["license"]
    fitting = FITTING | FITTING_GPL if own.startswith("GPL-3.0") else FITTING
    settings = project["tool"].get("licenses", {})
    exceptions = {*settings.get("unstated", ()), *settings.get("exceptions", ())}
    faults: list[str] = []
    for name, package in sorted(installed(project["project"]["dependencies"]).items()):
        found = licenses(package)
        if name not in exceptions and not (found and all(fits(text, fitting) for text in found)):
            stated = ", ".join(found) or "no licence"
            faults.append(
                f"{name} states {stated}. If that fits {own}, say why at the end of pyproject.toml,"
                f' in a table [tool.licenses.exceptions]: {name} = "...". Otherwise replace it.'
            )
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
