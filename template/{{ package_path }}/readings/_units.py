from dataclasses import dataclass
from functools import lru_cache
from reprlib import repr as short_repr

from {{ package_name }}.readings._errors import UnitError

BASE_UNITS = {"K", "Pa", "m"}
PREFIXES = {"m": 1e-3, "c": 1e-2, "h": 1e2, "k": 1e3, "M": 1e6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    base_unit: str
    factor: float = 1.0
    offset: float = 0.0


# Private: type checkers accept any arguments for a cached function.
@lru_cache(maxsize=128)
def find_conversion(unit: str) -> Conversion:
    if unit in BASE_UNITS:
        return Conversion(base_unit=unit)
    if unit == "degC":
        return Conversion(base_unit="K", offset=273.15)
    prefix, base_unit = unit[:1], unit[1:]
    if prefix in PREFIXES and base_unit in BASE_UNITS:
        return Conversion(base_unit=base_unit, factor=PREFIXES[prefix])
    raise UnitError(f"unit {short_repr(unit)} is unknown")


def to_base_unit(value: float, unit: str) -> tuple[float, str]:
    """Convert a value to kelvins, pascals or metres.

    Args:
        value: A number of `unit`.
        unit: `degC`, or `K`, `Pa` or `m`, with a prefix `m`, `c`, `h`, `k`, `M` or none.

    Returns:
        The converted value, infinite if it overflows and never negative zero, and its unit.

    Raises:
        UnitError: The unit is unknown.

    Examples:
        >>> to_base_unit(1013.25, "hPa")
        (101325.0, 'Pa')
    """
    conversion = find_conversion(unit)
    return value * conversion.factor + conversion.offset, conversion.base_unit
