#!/usr/bin/env bash
# Install dslint as it is at the revision of this action, with extras and further plugins, into an environment of its own.
set -euo pipefail

fail() {
  echo "::error title=dslint::$1"
  exit 2
}

# The step starts in the checkout, whose files must not be taken for modules of Python.
cd "$(mktemp -d "$RUNNER_TEMP/dslint-install.XXXXXX")"
export PYTHONSAFEPATH=1 # for what is started below; -I for what is started here

python=$(command -v python3 || command -v python) || fail "no Python is installed: run actions/setup-python before"
"$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or later is needed: run actions/setup-python before"

extras=${DSLINT_ACTION_EXTRAS//[[:space:]]/}
[[ $extras =~ ^[a-z,-]*$ ]] || fail "the input extras is no list of names"

requirements=("$GITHUB_ACTION_PATH${extras:+[$extras]}")
while IFS= read -r line; do
  line=${line#"${line%%[![:space:]]*}"}
  [[ $line != -* ]] || fail "the input plugins takes requirements, no options"
  [[ -z $line ]] || requirements+=("$line")
done <<<"$DSLINT_ACTION_PLUGINS"

"$python" -I -m venv "$RUNNER_TEMP/dslint"
"$RUNNER_TEMP/dslint/bin/python" -I -m pip --disable-pip-version-check install --quiet "${requirements[@]}"
