{% from "answers.jinja" import type, with_web with context %}
{% if with_web and type == 'transformations' %}
{% include "transformations/test_webapp.jinja" %}
{% elif with_web %}
{% include "web/tests.jinja" %}
{% endif %}
