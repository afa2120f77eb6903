# {% include "extensions/kinds/" ~ kind ~ "/practices" %}
