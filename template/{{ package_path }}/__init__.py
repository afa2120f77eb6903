# {% include "extensions/kinds/" ~ kind ~ "/init" %}
