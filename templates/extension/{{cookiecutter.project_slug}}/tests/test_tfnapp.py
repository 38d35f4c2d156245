{% from "answers.jinja" import with_tfn with context %}
{% if with_tfn %}
{% include "transformations/test_tfnapp.jinja" %}
{% endif %}
