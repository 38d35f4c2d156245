{% from "answers.jinja" import spdx with context %}
# Copyright (c) {{ cookiecutter.author }}
# SPDX-License-Identifier: {{ spdx }}
