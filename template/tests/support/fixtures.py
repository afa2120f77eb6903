# {% include "extensions/kinds/" ~ kind ~ "/fixtures" %}
