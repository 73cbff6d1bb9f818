# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of M(barehost.kubernetes.component): what a component brings to the host: programs, certificates, files."""

from __future__ import annotations


class ModuleDocFragment:
    """Read by ansible-doc."""

    DOCUMENTATION = r"""
options:
  binaries:
    description:
      - Released programs. They are fetched by the host, verified, installed under their version, and switched by a symbolic link.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the release.
        type: str
        required: true
      version:
        description: Version of the release.
        type: str
        required: true
      url:
        description: Where the program, or an archive with it, is fetched from.
        type: str
        required: true
      sha256:
        description: Digest of the download. Exactly one of this and O(binaries[].checksum_url) is given.
        type: str
      checksum_url:
        description: >-
          Where the digest is fetched from; a bare digest, lines of digest and file name, or a release as GitHub's REST API describes it.
        type: str
      pinned_by:
        description: Who gives O(binaries[].sha256). The message about a download with another digest then says what to correct.
        type: str
        choices: [inventory, collection]
      store:
        description: Directory of this version. By default the version is a part of the program's name, beside its link.
        type: path
      install:
        description: The programs to install.
        type: list
        elements: dict
        required: true
        suboptions:
          member:
            description: Name inside the archive. By default the download itself is the program.
            type: str
          path:
            description: The link to the program.
            type: path
            required: true
          also:
            description: >-
              A further link, for those who do not have the directory of the first in their path, as with sudo on EL. What is there already
              stays.
            type: path
  certificates:
    description:
      - Certificates. The key is made on the host and never leaves it; the controller signs.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name for messages.
        type: str
        required: true
      authority:
        description: Who signs.
        type: str
        required: true
        choices: [kubernetes, etcd, front-proxy]
      path:
        description: The certificate.
        type: path
        required: true
      key:
        description: The private key.
        type: path
        required: true
      owner:
        description: Owner of both.
        type: str
        default: root
      group:
        description: Group of both. By default the name of the owner.
        type: str
      mode:
        description: Mode of the certificate.
        type: str
        default: "0644"
      key_mode:
        description: Mode of the key.
        type: str
        default: "0600"
      common_name:
        description: Common name of the subject.
        type: str
        required: true
      organizations:
        description: Organizations of the subject; to Kubernetes they are groups.
        type: list
        elements: str
      dns:
        description: Alternative names.
        type: list
        elements: str
      ips:
        description: Alternative addresses.
        type: list
        elements: str
      usages:
        description: What the certificate may be used for.
        type: list
        elements: str
        choices: [server, client]
        default: [server, client]
      days:
        description: Lifetime.
        type: int
        default: 365
      renew_before_days:
        description:
          - Days before its end from which on a certificate is replaced.
          - The default is C(cluster_certificate_renew_before) of the cluster, or 30.
        type: int
      state:
        description: V(ignored) is as if the entry were not there.
        type: str
        choices: [present, ignored]
        default: present
  files:
    description: Files. Each has exactly one source.
    type: list
    elements: dict
    suboptions:
      path:
        description: The file.
        type: path
        required: true
      template:
        description: A Jinja template, looked for as M(ansible.builtin.template) does. C(ansible_managed) is a constant in it.
        type: str
      content:
        description: The text.
        type: str
      yaml:
        description: Data to be written as YAML.
        type: raw
      json:
        description: Data to be written as JSON.
        type: raw
      pki:
        description: Name of a file of the PKI directory.
        type: str
      source:
        description:
          - Name of a plain file, searched for in the directory C(files) of the role, as M(ansible.builtin.copy) does.
          - A file whose name ends with C(.py) is a program for hosts. It gets the first line C(#!/usr/bin/python3).
        type: str
      vars:
        description: Variables for the template.
        type: dict
      owner:
        description: Owner.
        type: str
        default: root
      group:
        description: Group.
        type: str
        default: root
      mode:
        description: Mode, as quoted octal digits. By default V(0600) for secret content, else V(0644).
        type: str
      secret:
        description: Whether the content must not be shown. Private keys and secret files of the PKI never are.
        type: bool
        default: false
      block:
        description: Name of a marked block; only this block of the file is managed, and an existing file keeps its owner and mode.
        type: str
      keep:
        description:
          - A regular expression. Lines of somebody else's file that match it from their beginning stay, below ours; so do those that were
            kept before.
          - For files whose text holds C(ansible_managed), by which those of this collection are known.
        type: str
      validate:
        description: Command that must accept the new content before it is put in place. C(%s) stands for its path.
        type: str
      early:
        description: Whether the file is written before packages are installed.
        type: bool
        default: false
      state:
        description: V(ignored) is as if the entry were not there.
        type: str
        choices: [present, ignored]
        default: present
"""
