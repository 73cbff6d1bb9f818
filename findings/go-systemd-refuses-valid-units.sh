#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The unit parser of go-systemd refuses lines of more than 2048 bytes and comments between continued lines.
#
# Seen with github.com/coreos/go-systemd/v22 22.7.0, package unit, which tools written in Go use to read unit files. systemd
# itself takes lines of up to 1 MiB and leaves out a comment line between continued lines; both are common in units with
# many options, such as a kube-apiserver's or a kubelet's ExecStart. The library's error speaks of a line that is too long,
# or of a "newline encountered while parsing option name" where the comment was.
# It matters to whoever checks, migrates or generates units with that library: a unit that has run for years is no unit.
# Source: systemd.syntax(7) says that a continued line goes on with the following line that is no comment, and that lines
# may have 1 MB.
set -euo pipefail
version=v22.7.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<END
module finding

go 1.26

require github.com/coreos/go-systemd/v22 $version
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"os"

	"github.com/coreos/go-systemd/v22/unit"
)

func main() {
	for _, name := range os.Args[1:] {
		file, err := os.Open(name)
		if err != nil {
			panic(err)
		}
		options, err := unit.DeserializeOptions(file)
		fmt.Printf("%s: %d options, error: %v\n", name, len(options), err)
	}
}
END
nice -n 15 go build -mod=mod -o parse .

unit() { printf '[Unit]\nDescription=example\n\n[Service]\nExecStart=/bin/true %s\nRestart=always\n' "$1"; }
long=$(printf -- '--option-%03d=value ' {1..150})
unit '--one' >plain.service
unit "$long" >long.service
unit $'--one \\\n    --two \\\n# about three\n    --three' >comment.service
output=$(./parse plain.service long.service comment.service)

echo "go-systemd $version"
echo "One would guess: three options each, as systemd reads them."
echo "$output"
if command -v systemd-analyze >/dev/null; then
    echo "systemd's own word on these files (nothing means no complaint): $(systemd-analyze verify ./plain.service ./long.service ./comment.service 2>&1 | grep -E '(plain|long|comment)\.service' || true)"
fi
if [[ $output == 'plain.service: 3 options, error: <nil>'*'long.service: 1 options, error: line too long'*'comment.service: 2 options, error: unexpected newline'* ]]; then
    echo "So it is: only the short one is read."
else
    echo "The behaviour has changed."
    exit 1
fi
