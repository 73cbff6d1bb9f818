#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Strings that PyYAML writes without quotes are read as booleans and numbers by Kubernetes' own YAML library.
#
# Seen with PyYAML 6.0.4 and sigs.k8s.io/yaml 1.6.0 (both speak YAML 1.1, or say so). PyYAML knows neither the short
# booleans "y" and "n" nor numbers such as 1e3 (it wants a dot and a sign) and 0o17, so it writes such strings plain, as
# does Ansible's to_nice_yaml. The Go library knows all of them: a label "n" comes out as false, a commit "12e3" as
# 12000, and a *key* n as the key "false", so that the field of that name is silently left out.
# It matters to whoever renders manifests and configuration files for Kubernetes with Python or Ansible: values come from
# people (an answer, a shortened commit, a coordinate) and most of them work. Quote every string, or write JSON.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<END
module finding

go 1.26

require sigs.k8s.io/yaml v1.6.0
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	text, _ := io.ReadAll(os.Stdin)
	json, err := yaml.YAMLToJSON(text)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(json))
}
END
nice -n 15 go build -mod=mod -o read .
python3 -m venv venv
venv/bin/pip install --quiet PyYAML==6.0.4

cat >write.py <<'END'
import yaml

VALUE = {"answer": "n", "axis": "y", "commit": "12e3", "mode": "0o17", "n": "5"}
text = yaml.safe_dump(VALUE)
assert yaml.safe_load(text) == VALUE
print(text, end="")
END
written=$(venv/bin/python write.py)
read=$(./read <<<"$written")

echo "PyYAML 6.0.4, sigs.k8s.io/yaml v1.6.0"
echo "One would guess: what one writes as strings, and reads back as strings itself, the other reads as strings, too."
printf 'PyYAML writes (and reads back unchanged):\n%s\nsigs.k8s.io/yaml reads:\n%s\n' "$written" "$read"
if [[ $read == '{"answer":false,"axis":true,"commit":12000,"false":"5","mode":15}' ]]; then
    echo "So it is: no value and not even every key is what it was."
else
    echo "The behaviour has changed."
    exit 1
fi
