#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# UnmarshalStrict of sigs.k8s.io/yaml takes a number for a string and changes it; the API's decoder refuses the same text.
#
# Seen with sigs.k8s.io/yaml 1.6.0 and Kubernetes' modules 0.37.1. "Strict" is about unknown and repeated fields only: a
# plain scalar that meets a string field is turned into text again after it was understood as a number or a boolean, so
# 1.10 becomes "1.1", 0x10 becomes "16", yes becomes "true", without an error. The decoder that the API server, kubectl
# and the kubelet use goes through JSON first and says "cannot unmarshal number".
# It matters to whoever writes a controller or a tool in Go that reads its own file with this library into Kubernetes'
# types, e.g. to check manifests before they are sent: what passes there is another object than the one written, or is
# refused later. Quote versions.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<END
module finding

go 1.26

require (
	k8s.io/api v0.37.1
	k8s.io/client-go v0.37.1
	sigs.k8s.io/yaml v1.6.0
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

const text = `apiVersion: v1
kind: ConfigMap
metadata: {name: example}
data: {version: 1.10, mask: 0x10, enabled: yes}
`

func main() {
	var object corev1.ConfigMap
	err := yaml.UnmarshalStrict([]byte(text), &object)
	fmt.Println("UnmarshalStrict:", object.Data, err)
	_, _, err = scheme.Codecs.UniversalDeserializer().Decode([]byte(text), nil, nil)
	fmt.Println("API decoder:", err)
}
END
nice -n 15 go build -mod=mod -o read .
output=$(./read)

echo "sigs.k8s.io/yaml v1.6.0, k8s.io/api and k8s.io/client-go v0.37.1"
echo "One would guess: both refuse 'data: {version: 1.10, mask: 0x10, enabled: yes}', the values are no strings."
echo "$output"
if [[ $output == 'UnmarshalStrict: map[enabled:true mask:16 version:1.1] <nil>'*'API decoder: json: cannot unmarshal '* ]]; then
    echo "So it is: the strict one takes it, and 1.10 is 1.1 from then on."
else
    echo "The behaviour has changed."
    exit 1
fi
