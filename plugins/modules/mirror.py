# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mirror
short_description: Collect what a cluster is installed from in one directory
version_added: 0.1.0
description:
  - Downloads the programs of the cluster, and copies its images, into one directory on the controller. C(playbooks/mirror.yml) does it.
  - Programs are at the paths of upstream, so that a web server can serve the directory as C(cluster_mirror).
  - Each is proven as a host proves it, by C(cluster_checksums), the pins of the collection, the record on the controller, or upstream's
    checksum file. Those that the first two do not have get their checksum files beside them.
  - Images are layouts as the OCI specifies them, with all architectures, copied by C(skopeo) or C(crane) and compared with their digests.
  - C(packages.txt) lists the packages that the roles install on hosts, as C(dnf download) takes them.
  - C(manifest.json) has path, sha256, size and purpose of each file. It is written last.
  - What is there and right is not downloaded again. A file that is not whole never gets its final name; the next run continues it.
  - No host is asked. Run it once, on whatever host.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Tells what would be downloaded, copied, pushed or removed. With O(registry), the registry is asked what it has.
    support: full
  diff_mode:
    description: Shows what each file is for.
    support: full
options:
  state:
    description: V(checked) only refuses wrong options, and a machine without the programs that copy images and verify signatures.
    type: str
    choices: [checked, done]
    default: done
  directory:
    description: The directory. Required. Not in the folder of the inventory. One user at a time can work there.
    type: raw
  architectures:
    description: A list, or names with commas between them, of V(amd64) and V(arm64). By default that of the cluster.
    type: raw
  source:
    description: The address under which C(dl.k8s.io/) and C(github.com/) are mirrored elsewhere. By default upstream's own servers.
    type: raw
  image_source:
    description: Host, port and path of the registry to copy images from, with C(http://) if it has no TLS. By default V(registry.k8s.io).
    type: raw
  authfile:
    description: A file with logins to registries, in the form of Docker's C(config.json). By default that of C(skopeo) or C(crane).
    type: raw
  prune:
    description: Whether files of the manifest that this cluster does not need are removed. They stay by default, and are told of.
    type: raw
  verify:
    description:
      - Only compares the directory with its manifest, and with what the cluster needs. Fails with the name of each file that differs.
      - Files that a web server would serve with the others, and that the manifest does not have, are a warning.
    type: raw
  manifest_sha256:
    description: The sha256 that the manifest must have, RV(manifest_sha256) of the run that collected. For O(verify) and O(registry).
    type: raw
  registry:
    description:
      - Only pushes the images that the cluster needs to this registry, host, port and path, with C(http://) if it has no TLS.
      - Their files are compared with the manifest before. Images that the registry has with the same digest are left alone.
    type: raw
  verify_signatures:
    description:
      - Whether C(cosign), 3.1.3 or later, verifies signatures before a file gets its place. By default none is verified.
      - Those of the programs of Kubernetes and of the images, as upstream signs them. Upstream signs no other file.
      - With O(verify) or O(registry), whether the manifest must say that this was done.
    type: raw
  signer:
    description: The identity that must have signed everything instead, an address of mail or a URI. Programs have C(NAME.sigstore.json).
    type: raw
  signer_issuer:
    description: The address of the OIDC service that has vouched for O(signer), as its certificates have it. Required with it.
    type: raw
  trusted_root:
    description:
      - A file with authorities and logs of signatures, C(trusted_root.json) of sigstore. By default cosign fetches that of sigstore.
      - Logs and timestamps are asked for if it names some. The transparency log that it names first is asked.
    type: raw
seealso:
  - module: barehost.kubernetes.cluster_spec
"""

EXAMPLES = r"""
- name: Resolve the cluster
  barehost.kubernetes.cluster_spec:
  run_once: true
  register: cluster

- name: Collect what it is installed from
  barehost.kubernetes.mirror:
    directory: /srv/mirror
    architectures: [amd64, arm64]
  run_once: true

- name: Push its images
  barehost.kubernetes.mirror:
    directory: /srv/mirror
    registry: registry.example.com:5000
  run_once: true
"""

RETURN = r"""
actions:
  description: What was done, or would be, each with C(kind), C(action), C(path) and C(reason).
  returned: unless O(verify)
  type: list
  elements: dict
lines:
  description: The same for people.
  returned: success
  type: list
  elements: str
manifest_sha256:
  description: The sha256 of C(manifest.json).
  returned: after files were collected or compared
  type: str
"""
