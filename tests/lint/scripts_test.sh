#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shellcheck has nothing to say about any shell script of ours, by its name or its first line, tracked or new.
set -euo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")/../.."

scripts=()
while IFS= read -r -d '' file; do
	[[ -f $file ]] || continue # deleted, but still in git's index
	first=''
	IFS= read -r first <"$file" || true
	if [[ $file == *.sh || $first =~ ^'#!'.*[/\ ](ba|da)?sh($|\ ) ]]; then scripts+=("$file"); fi
done < <(git ls-files -z --cached --others --exclude-standard -- .ci scripts tests docs systemd udev)
((${#scripts[@]})) || { echo 'git lists no scripts here'; exit 1; }
printf '%s\n' "${scripts[@]}"
shellcheck --external-sources -- "${scripts[@]}"
