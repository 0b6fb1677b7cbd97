#!/usr/bin/env bash
# Resolves the *.in files together and writes the pinned, hashed *.txt beside them. Needs uv on the PATH.
# One resolution for all of them but bench.in (an environment of its own), cut into files that do not overlap, so that any
# combination installs with --no-deps.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

resolve() { # resolve IN OUT [uv options]
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links "${@:3}" "$1" -o "$2"
}

# Keeps or drops the entries of a requirements file whose package is named in the list.
entries() { # entries keep|drop LIST FILE
  awk -v mode="$1" 'NR == FNR { named[$1] = 1; next }
    /^[a-zA-Z0-9]/ { name = $0; sub(/[=; ].*/, "", name); on = (name in named) == (mode == "keep") }
    on' "$2" "$3"
}
names() { grep -hoE '^[a-zA-Z0-9][a-zA-Z0-9._-]*' "$@" | sort -u; }

resolve dev.in "$work/dev"
resolve student.in "$work/student" -c "$work/dev"
resolve teacher.in teacher.txt -c "$work/dev"
resolve model.in model.txt --no-deps
resolve bench.in bench.txt

names "$work/student" | grep -E '^(torch|triton|nvidia-.*|cuda-.*)$' > "$work/torch-names"
entries keep "$work/torch-names" "$work/student" > torch.txt
entries drop "$work/torch-names" "$work/student" > student.txt
names teacher.txt torch.txt student.txt > "$work/run-names"
entries drop "$work/run-names" "$work/dev" > dev.txt
