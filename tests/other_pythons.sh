#!/usr/bin/env bash
# Shows that the SDK, cextrun and ccli work on the supported versions of Python: each that this machine has gets an
# environment of its own, .venv-3.x, and runs the tests below, which between them start every kind of process.
# Usage: tests/other_pythons.sh [VERSION …]     (default: 3.10 3.11 3.12 3.13)
set -euo pipefail
cd "$(dirname "$0")/.."

# On each of them.
everywhere=(
    tests/unit
    tests/integration/cli/test_cli_bootstrap.py
    tests/integration/cli/test_cli_host.py
    tests/integration/runner/test_cextrun_process.py
    tests/integration/runner_processes
    tests/integration/sdk/test_sdk_pytest_plugin.py
    tests/integration/template/test_template_projects.py
)
# On the oldest and the newest one only: what works there works between them.
at_the_ends=(
    tests/integration/cli/test_cli_accounts.py
    tests/integration/cli/test_cli_bump.py
    tests/integration/cli/test_cli_validate.py
    tests/integration/cli/test_cli_wizard_prompts.py
    tests/integration/dropin/test_anvil_session.py
    tests/integration/dropin/test_deployment_to_platform.py
    tests/integration/observe
    tests/integration/runner/test_runner_delivery.py
    tests/integration/sdk/test_sdk_client.py
    tests/integration/sdk/test_sdk_devops_fixture.py
    tests/integration/transformations/test_transformation_flow.py
    tests/integration/web/test_web_calls.py
    tests/chaos/test_chaos_absence.py
)

# Prints the interpreter of a version: from PATH, or from where version managers keep theirs.
find_python() {
    local version=$1 candidate
    for candidate in \
        "$(command -v "python$version" || true)" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python \
        "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}"/cpython-"$version".*/bin/python \
        "${ASDF_DATA_DIR:-$HOME/.asdf}"/installs/python/"$version".*/bin/python \
        "${MISE_DATA_DIR:-$HOME/.local/share/mise}"/installs/python/"$version".*/bin/python; do
        # A manager's shim may be there for a version that is not.
        if [ -x "$candidate" ] && [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ]; then
            echo "$candidate"
            return
        fi
    done
}

make_environment() {
    local python=$1 folder=$2
    if [ "$folder/.ready" -nt requirements.lock ] && [ "$folder/.ready" -nt pyproject.toml ]; then
        return
    fi
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.lock
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable .
    # Each of the many processes that the tests start would compile them, where Python is told to write no bytecode.
    "$folder/bin/python" -m compileall -q connect connect_cli_ext connect_devops connect_eaas
    touch "$folder/.ready"
}

run_tests() {
    local version=$1 pytest
    shift
    pytest=(".venv-$version/bin/python" -m pytest -q -o "cache_dir=.venv-$version/pytest")
    # What fails on a busy machine gets a second run.
    "${pytest[@]}" -n 2 --dist loadfile "$@" || "${pytest[@]}" --last-failed --last-failed-no-failures none "$@"
}

passed=() missing=() failed=() found=() makers=()
[ $# -gt 0 ] || set -- 3.10 3.11 3.12 3.13
for version; do
    python=$(find_python "$version")
    if [ -z "$python" ]; then
        missing+=("$version")
        continue
    fi
    found+=("$version")
    # Side by side: to install is mostly to wait.
    make_environment "$python" ".venv-$version" &
    makers+=($!)
done
for maker in ${makers[@]+"${makers[@]}"}; do
    wait "$maker"
done
# Side by side, with two processes for each: most of the time they wait.
runs=()
for version in ${found[@]+"${found[@]}"}; do
    tests=("${everywhere[@]}")
    if [ "$version" = "${found[0]}" ] || [ "$version" = "${found[${#found[@]} - 1]}" ]; then
        tests+=("${at_the_ends[@]}")
    fi
    run_tests "$version" "${tests[@]}" >".venv-$version/tests.txt" 2>&1 &
    runs+=($!)
done
for number in ${runs[@]+"${!runs[@]}"}; do
    version=${found[number]}
    if wait "${runs[number]}"; then passed+=("$version"); else failed+=("$version"); fi
    echo "Python $version"
    cat ".venv-$version/tests.txt"
done
echo "Passed: ${passed[*]:-none}. Failed: ${failed[*]:-none}. Not on this machine: ${missing[*]:-none}."
[ ${#failed[@]} -eq 0 ]
