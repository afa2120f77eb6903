# {% from "extensions/components.jinja" import commands, components, groups, imports with context %}
"""The practices that are on. Copier writes them from the answers; updates rewrite it."""

{{ imports() }}

class PracticeSettings(CoreSettings):
    """The settings of the practices."""

    # {% for field, name, _, _ in groups %}
    {{ field }}: {{ name }} = {{ name }}()
    # {% endfor %}


def practice_components(settings: PracticeSettings) -> tuple[Component, ...]:
    """Return the components of the practices."""
    return (
        # Outermost first.
        # {% for name, _, group, _ in components %}
        {{ name }}({{ "settings." ~ group if group else "" }}),
        # {% endfor %}
    )


# {% if commands %}
PRACTICE_COMMANDS: tuple[Command[PracticeSettings], ...] = (
    # {% for name, help, _, function, arguments, _ in commands %}
    Command(
        name="{{ name }}",
        help="{{ help }}",
        run=lambda context: {{ function }}({{ arguments }}),
    ),
    # {% endfor %}
)
# {% else %}
PRACTICE_COMMANDS: tuple[Command[PracticeSettings], ...] = ()
# {% endif %}
"""The sub-commands of the practices."""
