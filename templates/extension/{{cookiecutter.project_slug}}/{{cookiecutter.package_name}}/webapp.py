{% from "answers.jinja" import with_web, type with context %}
{% if with_web and type == 'transformations' %}
{% include "web/transformations.jinja" %}
{% elif with_web %}
{% include "web/marketplaces.jinja" %}
{% endif %}
