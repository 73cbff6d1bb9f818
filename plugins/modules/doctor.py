# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: doctor
short_description: Say what is wrong with the hosts of a cluster, why it matters, and what to type
version_added: 0.1.0
description:
  - Each host tells in one call what checks need to know, in groups. The checks judge on the controller, and say what is wrong, what was
    found, what is wanted, and what to type.
  - It changes no host. It needs neither the API nor valid certificates, and a host that is away is one finding.
  - What a host cannot tell is a finding, too, and hides nothing of what it tells.
  - A finding that another one explains is shown with that one, and does not count.
  - Run it on all hosts with O(state=observed), then once with O(state=judged).
  - Texts of hosts are shortened, and characters that steer terminals are written as their codes. Nothing secret leaves a host.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: It changes no host in any mode. O(json), O(junit), O(html) and O(page) are written in check mode, too.
    support: full
  diff_mode:
    description: It changes nothing, so there is no difference to show.
    support: none
options:
  state:
    description:
      - V(checked) validates the options and asks no host.
      - V(observed) asks this host. Register the result.
      - V(judged) makes the report of these results, on the controller. It asks no host.
    type: str
    choices: [checked, observed, judged]
    default: judged
  roles:
    description: With O(state=observed), the roles of this collection that the host has.
    type: list
    elements: str
    default: []
  etcd_data_directory:
    description: With O(state=observed), the directory of etcd's data, where it is not the usual one.
    type: path
    default: /var/lib/etcd
  device:
    description: With O(state=observed), the interface of flannel's tunnel.
    type: str
    default: flannel.1
  observation:
    description: The variable in which the task with O(state=observed) was registered.
    type: str
    default: barehost_doctor
  kubeconfig:
    description: The administrator's kubeconfig on the controller. Without it, none is looked at.
    type: path
  backups:
    description: The folder on the controller in which C(backup.yml) puts snapshots. Without it, only scheduled ones on hosts count.
    type: path
  skip:
    description: Ids of checks that do not judge, as a list or as a text with commas.
    type: raw
  groups:
    description: Groups of checks, as a list or as a text with commas. Only their checks judge. Without it, all do.
    type: raw
  fail_on:
    description: From which severity on a finding is in RV(failing), V(error), V(warning) or V(never); V(error) if it is not given.
    type: raw
  details:
    description: Ids of checks whose findings are shown with all that is known of them; V(true) for all.
    type: raw
  json:
    description:
      - A file on the controller that gets RV(report) as JSON. Its name ends in C(.json).
      - A new file has mode 0600. One that is there keeps its mode.
    type: raw
  junit:
    description: The same for JUnit's XML. Its name ends in C(.xml).
    type: raw
  html:
    description: The same for one page of HTML, which loads nothing else. Its name ends in C(.html) or C(.htm).
    type: raw
  page:
    description:
      - The same for a page about the whole cluster, with a picture of it, the findings, and tables of what hosts have told.
      - What hosts were not asked for is not on it, see O(groups).
    type: raw
  screen:
    description: Whether RV(screen) is wanted. It is there with O(page), too.
    type: bool
    default: false
seealso:
  - module: barehost.kubernetes.certificates
  - module: barehost.kubernetes.cluster_spec
"""

EXAMPLES = r"""
- name: Look at the host
  barehost.kubernetes.doctor:
    state: observed
    roles: "{{ cluster | barehost.kubernetes.roles_of(inventory_hostname) }}"
  ignore_unreachable: true
  failed_when: false
  register: barehost_doctor

- name: Judge what was seen
  barehost.kubernetes.doctor:
    fail_on: warning
    skip: [machine-cgroup-v1]
    html: /srv/www/doctor.html
  run_once: true
  register: barehost_doctor_report
"""

RETURN = r"""
lines:
  description: The report for people, one line for each finding, the worst first.
  returned: O(state=judged)
  type: list
  elements: str
screen:
  description: The whole cluster for one screen of a terminal, however many hosts it has.
  returned: O(state=judged) and O(screen=true) or O(page)
  type: list
  elements: str
summary:
  description: The counts in one sentence.
  returned: O(state=judged)
  type: str
failing:
  description: What fails a run by O(fail_on), in few words each.
  returned: O(state=judged)
  type: list
  elements: str
  sample: ["n1: kubelet.service is inactive (dead) (unit-down)"]
report:
  description: The report as data, which O(json) holds, too.
  returned: O(state=judged)
  type: dict
  contains:
    format:
      description: The version of these fields, V(1). It changes when a field goes or gets another meaning.
      type: int
    cluster:
      description: The cluster's name.
      type: str
    time:
      description: When the report was made, by the controller's clock, in UTC.
      type: str
      sample: "2026-12-12T08:00:00Z"
    well:
      description: Whether nothing fails the run.
      type: bool
    fail_on:
      description: The option O(fail_on).
      type: str
    counts:
      description: The number of findings by severity, without those that others explain.
      type: dict
      sample: {error: 1, warning: 0, note: 2}
    checks:
      description: The ids of the checks that have judged.
      type: list
      elements: str
    skipped:
      description: The ids in O(skip).
      type: list
      elements: str
    hosts:
      description: The hosts that have answered, each with C(host) and the C(seconds) that it took.
      type: list
      elements: dict
    silent:
      description: The others of the run, each with C(host) and C(reason).
      type: list
      elements: dict
    left_out:
      description: Hosts of the cluster that C(--limit) has left out.
      type: list
      elements: str
    findings:
      description: What is wrong, the worst first, and last what other findings explain.
      type: list
      elements: dict
      contains:
        id:
          description: The id of the check.
          type: str
          sample: unit-down
        group:
          description: The group of the check.
          type: str
        severity:
          description: V(error), V(warning) or V(note).
          type: str
        host:
          description: The host's name in the inventory; empty if it is of the whole cluster.
          type: str
        found:
          description: What was found.
          type: str
        wanted:
          description: What is wanted instead.
          type: str
        why:
          description: Why it matters.
          type: str
        remedy:
          description: What to do. Commands stand between backticks.
          type: str
        evidence:
          description: Lines that show it, such as the last ones of a journal.
          type: list
          elements: str
        explained_by:
          description: The id of the check whose finding explains this one; empty if none does.
          type: str
"""
