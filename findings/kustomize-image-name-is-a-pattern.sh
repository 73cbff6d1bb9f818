#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The name in kustomize's "images" is a regular expression: a dot stands for any character.
#
# Seen with sigs.k8s.io/kustomize/api 0.21.1 (the one in kubectl 1.37). "name: my.app, newTag: …" also gives the new tag to
# the image "my-app", another program; nothing is reported. Image names that begin with a registry's host name always have
# dots, so the rule is seldom as exact as it looks. That it is a pattern shows only where a name has other signs, too.
# It matters to whoever pins images by name: an overlay can move a container that it does not mention, to a tag that is none
# of its image.
# Source: the field's description in the module (types/image.go) calls it a tag-less image name; of patterns not a word.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<'END'
module finding

go 1.26

require (
	sigs.k8s.io/kustomize/api v0.21.1
	sigs.k8s.io/kustomize/kyaml v0.21.1
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	files := filesys.MakeFsInMemory()
	write := func(name, text string) {
		if err := files.WriteFile(name, []byte(text)); err != nil {
			panic(err)
		}
	}
	write("/kustomization.yaml", `
resources: [pod.yaml]
images: [{name: example.com/my.app, newTag: v2}]
`)
	write("/pod.yaml", `
apiVersion: v1
kind: Pod
metadata: {name: pod}
spec:
  containers:
  - {name: meant, image: "example.com/my.app:v1"}
  - {name: another, image: "example.com/my-app:v1"}
  - {name: longer, image: "example.com/my.app2:v1"}
`)
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/")
	if err != nil {
		panic(err)
	}
	text, err := resources.AsYaml()
	if err != nil {
		panic(err)
	}
	fmt.Print(string(text))
}
END
nice -n 15 go build -mod=mod -o kustomize .
output=$(./kustomize | grep -A1 'image:' | tr -d '\n-' | tr -s ' ')

echo "sigs.k8s.io/kustomize/api v0.21.1"
echo "One would guess: 'images: [{name: example.com/my.app, newTag: v2}]' concerns the container 'meant' alone."
echo "$output"
if [[ $output == *'my.app:v2 name: meant'* && $output == *'myapp:v2 name: another'* && $output == *'my.app2:v1 name: longer'* ]]; then
    echo "So it is: my-app (the hyphen is left out above) got my.app's tag."
else
    echo "The behaviour has changed."
    exit 1
fi
