#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# With several files in KUBECONFIG, Kubernetes' Python client takes the last file's current context, kubectl the first one's.
#
# Seen with the Python package kubernetes 37.0.2 and k8s.io/client-go 0.37.1 (which kubectl loads its configuration with).
# Both merge the files, and both list the same contexts; of two files that each name a current context, client-go keeps the
# first one's, as documented (the first file to set a value wins), the Python client the last one's.
# It matters to whoever works with a list of kubeconfigs, one per cluster: a script, or an Ansible module built on that
# client, changes another cluster than the one that kubectl has just shown. Name the context in every call.
# Source: kubernetes.io, "Organizing Cluster Access Using kubeconfig Files", states the rule for all of them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for name in first second; do
    cat >$name <<END
apiVersion: v1
kind: Config
current-context: $name
clusters: [{name: $name, cluster: {server: "https://$name.example"}}]
contexts: [{name: $name, context: {cluster: $name, user: $name}}]
users: [{name: $name, user: {token: none}}]
END
done
export KUBECONFIG=$work/first:$work/second

cat >go.mod <<END
module finding

go 1.26

require k8s.io/client-go v0.37.1
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	config, err := clientcmd.NewDefaultClientConfigLoadingRules().Load()
	if err != nil {
		panic(err)
	}
	rest, err := clientcmd.NewDefaultClientConfig(*config, nil).ClientConfig()
	if err != nil {
		panic(err)
	}
	fmt.Println(config.CurrentContext, rest.Host, len(config.Contexts))
}
END
nice -n 15 go build -mod=mod -o load .
python3 -m venv venv
venv/bin/pip install --quiet kubernetes==37.0.2
cat >load.py <<'END'
from kubernetes import client, config

config.load_kube_config()
contexts, current = config.list_kube_config_contexts()
print(current["name"], client.Configuration.get_default_copy().host, len(contexts))
END
go=$(./load)
python=$(venv/bin/python load.py)

echo "k8s.io/client-go v0.37.1, kubernetes (Python) 37.0.2"
echo "One would guess: both talk to the same server, the one of the first file."
printf '%-12s %s\n' client-go "$go" Python "$python"
if [[ $go == 'first https://first.example 2' && $python == 'second https://second.example 2' ]]; then
    echo "So it is: the same variable, two clusters."
else
    echo "The behaviour has changed."
    exit 1
fi
