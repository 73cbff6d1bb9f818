# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates
short_description: List certificates, authorities, kubeconfigs and keys of hosts and of the controller
version_added: 0.1.0
description:
  - Lists what the roles of this collection describe for each host, with what is there of it, when it ends, and in what it differs. It also
    lists certificates beside them that no role describes, the PKI directory, and the administrator's kubeconfig.
  - It changes nothing, asks neither the API nor etcd, and needs no C(openssl). One call reads a host.
  - Of a private key, a host tells whether it is there, its owner and mode, and whether it belongs to its certificate. Of an encryption
    configuration it tells the names of its providers and keys, in their order. Nothing secret leaves a host.
  - Run it on all hosts with O(state=observed), then once with O(state=listed).
  - Texts of hosts are shortened, and characters that steer terminals are written as their codes.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: It changes no host in any mode. O(json) and O(html) are written in check mode, too.
    support: full
  diff_mode:
    description: It changes nothing, so there is no difference to show.
    support: none
options:
  state:
    description:
      - V(checked) validates the options and asks no host.
      - V(observed) reads this host. Register the result.
      - V(listed) makes the list of these results, on the controller. It asks no host.
    type: str
    choices: [checked, observed, listed]
    default: listed
  roles:
    description: With O(state=observed), the roles of this collection that the host has.
    type: list
    elements: str
    default: []
  observation:
    description: The variable in which the task with O(state=observed) was registered.
    type: str
    default: barehost_certificates
  kubeconfig:
    description: The administrator's kubeconfig on the controller. Without it, none is listed.
    type: path
  days:
    description: What has less than this number of days left is a fault, V(0) to V(3650); V(30) if it is not given.
    type: raw
  json:
    description:
      - A file on the controller that gets RV(list) as JSON. Its name ends in C(.json).
      - A new file has mode 0600. One that is there keeps its mode.
    type: raw
  html:
    description: The same for one page of HTML, which loads nothing else. Its name ends in C(.html) or C(.htm).
    type: raw
seealso:
  - module: barehost.kubernetes.cluster_spec
"""

EXAMPLES = r"""
- name: Look at the host
  barehost.kubernetes.certificates:
    state: observed
    roles: "{{ cluster | barehost.kubernetes.roles_of(inventory_hostname) }}"
  ignore_unreachable: true
  failed_when: false
  register: barehost_certificates

- name: List the certificates
  barehost.kubernetes.certificates:
    days: 60
    html: /srv/www/certificates.html
  run_once: true
  register: barehost_certificates_list
"""

RETURN = r"""
lines:
  description: The list for people, one table for each host.
  returned: O(state=listed)
  type: list
  elements: str
faults:
  description: What ends within O(days) or has ended, and the hosts that could not be looked at.
  returned: O(state=listed)
  type: list
  elements: str
  sample: ["m1: /etc/kubernetes/pki/apiserver.crt ends on 2026-12-24, in 12 days"]
list:
  description: The list as data, which O(json) holds, too.
  returned: O(state=listed)
  type: dict
  contains:
    format:
      description: The version of these fields, V(1). It changes when a field goes or gets another meaning.
      type: int
    cluster:
      description: The cluster's name.
      type: str
    time:
      description: When the list was made, by the controller's clock, in UTC.
      type: str
      sample: "2026-12-12T08:00:00Z"
    days:
      description: The option O(days).
      type: int
    authority_days:
      description: The days from which on an authority is a warning.
      type: int
      sample: 365
    well:
      description: Whether there is no fault.
      type: bool
    faults:
      description: As RV(faults).
      type: list
      elements: str
    counts:
      description: The number of entries by their state.
      type: dict
      sample: {due: 1, ok: 30}
    hosts:
      description: The hosts that were looked at.
      type: list
      elements: str
    silent:
      description: The others of the run, each with C(host) and C(reason).
      type: list
      elements: dict
    left_out:
      description: Hosts of the cluster that C(--limit) has left out.
      type: list
      elements: str
    notes:
      description: What could not be known.
      type: list
      elements: str
    entries:
      description: One for each certificate and each file of keys, by host, what ends first before others.
      type: list
      elements: dict
      contains:
        host:
          description: The host's name in the inventory, or V(controller).
          type: str
        kind:
          description:
            - V(certificate), V(authority), V(kubeconfig), V(service-account key), V(encryption key), V(rotated certificate), V(key of an
              authority) or V(not described).
            - V(rotated certificate) is one that a kubelet renews. It is V(due) past 95 percent of its life.
            - V(person) is what M(barehost.kubernetes.user_kubeconfig) has issued and still lets somebody in. That it ends is no fault.
          type: str
        name:
          description: How the role calls it.
          type: str
        path:
          description: Where it is.
          type: str
        state:
          description:
            - V(expired), V(not valid yet), V(due) (ends within O(days)), V(missing), V(unreadable), V(differs), V(warning) (an authority in
              its last year) or V(ok). The worst that holds.
          type: str
        days_left:
          description: Whole days until it ends, or, negative, since it has ended; null for what does not end.
          type: int
        not_before:
          description: From when on it is valid, in UTC; empty for what does not end. C(not_after) is until when.
          type: str
        subject:
          description: Its subject; C(alternative_names) and C(usages) are lists of texts.
          type: str
        issuer:
          description: The authority of the PKI directory that has signed it; without one, what it says itself.
          type: str
        issuer_fingerprint:
          description: The beginning of the SHA-256 of that authority's public key; empty if none has signed it.
          type: str
        fingerprint:
          description: The SHA-256 of the certificate. C(key_fingerprint) is the beginning of that of its public key, C(serial) its number.
          type: str
        used_by:
          description: Units and programs that use it.
          type: list
          elements: str
        ends_with:
          description: Of a kubeconfig, the certificate that it names and ends with.
          type: str
        details:
          description: Of keys, what is not secret.
          type: str
        differences:
          description: In what it is not as described.
          type: list
          elements: str
"""
