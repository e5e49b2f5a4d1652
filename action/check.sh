#!/usr/bin/env bash
# Run dslint once, write all reports, and hand over its exit code; the gate is a step of its own. Exit codes of the run never end this script.
set -euo pipefail

if [[ -n ${DSLINT_ACTION_COMMAND:-} ]]; then
  dslint=("$DSLINT_ACTION_COMMAND")
else # a PYTHONPATH of the job may name the checkout
  dslint=("$RUNNER_TEMP/dslint/bin/python" -I "$RUNNER_TEMP/dslint/bin/dslint")
fi
reports=$(mktemp -d "$RUNNER_TEMP/dslint-reports.XXXXXX")
arguments=(--color never --output "text=$reports/dslint.txt" --output "json=$reports/dslint.json" --output "sarif=$reports/dslint.sarif")

[[ $DSLINT_ACTION_ANNOTATIONS != true ]] || arguments+=(--output github)
[[ $DSLINT_ACTION_SUMMARY != true ]] || arguments+=(--output "markdown=$reports/dslint.md")
[[ $DSLINT_ACTION_HTML != true ]] || arguments+=(--output "html=$reports/dslint.html")
[[ -z $DSLINT_ACTION_CONFIG ]] || arguments+=("--config=$DSLINT_ACTION_CONFIG")

# No command that a repository has configured is run, and no folder of the checkout taken for a repository.
safe_git() {
  GIT_ALLOW_PROTOCOL=https:http:ssh:file GIT_TERMINAL_PROMPT=0 git --no-pager \
    -c safe.bareRepository=explicit -c core.fsmonitor=false -c core.hooksPath=/dev/null -c core.sshCommand=ssh \
    -c core.askPass= -c credential.helper= -c gc.auto=0 -c maintenance.auto=false "$@"
}

policy=$DSLINT_ACTION_POLICY
if [[ -n $policy && $policy != none ]]; then
  # A shallow checkout lacks the base revision. Where it cannot be fetched, dslint says what to do.
  if [[ $policy =~ ^[0-9a-f]{40}$ ]] && ! safe_git cat-file -e "$policy^{commit}" 2>/dev/null; then
    safe_git fetch --quiet --no-tags --no-recurse-submodules --upload-pack=git-upload-pack --depth=1 origin "$policy" || true
  fi
  arguments+=("--policy-from=$policy")
fi

lines() { # the lines of a text that are not blank, into the array `items`
  items=()
  while IFS= read -r line; do
    [[ -z ${line//[[:space:]]/} ]] || items+=("$line")
  done <<<"$1"
}
lines "$DSLINT_ACTION_ARGS"
arguments+=(${items[@]+"${items[@]}"}) # macOS has a bash that takes an empty array for an unset one
lines "$DSLINT_ACTION_PATHS"
arguments+=(-- ${items[@]+"${items[@]}"})

code=0
"${dslint[@]}" check "${arguments[@]}" || code=$?

if [[ -f $reports/dslint.txt ]]; then
  # dslint writes out in its reports whatever a runner could take for a command. This holds even if it did not.
  token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "::group::Report"
  echo "::stop-commands::$token"
  cat "$reports/dslint.txt"
  echo "::$token::"
  echo "::endgroup::"
fi
[[ ! -f $reports/dslint.md ]] || cat "$reports/dslint.md" >>"$GITHUB_STEP_SUMMARY"

echo "exit-code=$code" >>"$GITHUB_OUTPUT"
for kind in text:txt json:json sarif:sarif html:html; do
  file=$reports/dslint.${kind#*:}
  [[ ! -f $file ]] || echo "${kind%:*}=$file" >>"$GITHUB_OUTPUT"
done
