#!/usr/bin/env bash
# Owned by ci-framework: replaced on every update, do not edit.
# How the actions beside this file start the engine of this repository.
set -euo pipefail
exec bash "$(dirname "${BASH_SOURCE[0]}")/../../ci-framework/ci" "$@"
