# {% from "extensions/practices.jinja" import practices with context %}
"""The sub-commands of the practices. Copier writes them from the answers; updates rewrite it.

They are apart from practices.py, which imports pydantic: `--help` needs only their names.
"""

from {{ package_name }}.core.program import Command

PRACTICE_COMMANDS: tuple[Command, ...] = (
    # In the order of `--help`.
    # {% for practice in practices %}
    # {% include "extensions/practices/" ~ practice ~ "/command" ignore missing %}
    # {% endfor %}
)
"""The sub-commands of the practices that are on."""
