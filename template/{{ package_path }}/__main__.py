# {% include "extensions/kinds/" ~ kind ~ "/main" %}
