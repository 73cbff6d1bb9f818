# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sha256 of the files that upstream publishes. Written by tools/release_digests.py; do not edit.

``DIGESTS``: by program, version and architecture, the digest and the names of those that give it. ``SOURCES``: where these are.
"""

from __future__ import annotations

import typing as t

SOURCES: t.Mapping[str, str] = {
    "aur": "AUR, PKGBUILD of cri-dockerd-bin 0.4.4-1",
    "fastetcd": "https://github.com/glennswest/fastetcd: docs/benchmarks/etcd-vs-fastetcd.md (commit 34209b419fc2)",
    "kona": "https://github.com/lestex/kona: versions.env (commit adb123a0a7f2)",
    "kops": "https://github.com/kubernetes/kops: pkg/assets/assetdata (commits 268927e26409, 9b02081e1498, c11b31c36fcb)",
    "kubescape": "https://github.com/kubescape/kubescape: core/pkg/rbacgraph/parity/reference.env (commit 276db5837db1)",
    "kubespray": "https://github.com/kubernetes-sigs/kubespray: roles/kubespray_defaults/vars/main/checksums.yml (commit 46dbdd3994b3)",
    "morbstack": "https://github.com/alliecatowo/morbstack: scripts/fetch-guest-assets.sh (commit e43ee6c246ae)",
}
DIGESTS: t.Mapping[str, t.Mapping[str, t.Mapping[str, tuple[str, ...]]]] = {
    "cni-plugins": {
        "1.9.1": {
            "amd64": ("b98f74a0f8522f0a83867178729c1aa70f2158f90c45a2ca8fa791db1c76b303", "kops", "kubespray"),
            "arm64": ("56171987d3947707c3563db2f4001bccaf50fd63468611b9f3cbecb1375ee7ec", "kona", "kops", "kubespray"),
        },
    },
    "cri-dockerd": {
        "0.3.26": {
            "amd64": ("87f31c964d974cdce9c883c79b69e355c3c323e51d3a7d36cda140e6df7b8d5a", "kubespray"),
            "arm64": ("d33e46e0d7ce28b22fdf7fa6327961cf0220ec3814fd7cc482f8cb77e7fd986a", "kubespray"),
        },
        "0.4.4": {
            "amd64": ("109b7540053a507dd85ad7b9fee9cee9caae55feedcc28365d3e7ab4fb2172d5", "aur"),
            "arm64": ("4f96b4e9b7fcb1c90f78470325c2197a67fa28c0e0c901509437b791f5588a37", "aur", "morbstack"),
        },
    },
    "etcd": {
        "3.7.2": {
            "amd64": ("3a3679bc51a4ee9d30bccea1da7cd4fe62c6fc1d2ca1255068d2c53bf3026135", "fastetcd"),
            "arm64": ("5e3ff99d428fabfcefdc95348f6560d1efe835f7b2d1ab3334fe0831076966b7", "kona"),
        },
    },
    "kube-apiserver": {
        "1.35.4": {
            "amd64": ("d5fff07e41f6826963254685667cfb3ec354dd676aa697e75c1e973e86d28fc7", "kops"),
            "arm64": ("ef055372df04d541c84ab8cb6dabfa67c3f5f35e6cbe7642673f94e1ca560cf3", "kops"),
        },
        "1.36.3": {
            "amd64": ("1f217d397234a6d065da663c6e086fdb02c0f0de97a0758ff3e6f3956f4ef8ab", "kops"),
            "arm64": ("16001b9d35d23634c361a1e2b7b0fc7abe186984af697ef7a869c8c8cded78b7", "kops"),
        },
        "1.37.1": {
            "amd64": ("de9b1b43c10143f448408b3aaf15f44fd5248b97a56301417a1fe2f1fc47a691", "kops", "kubescape"),
            "arm64": ("c3c240bc4a0fbe3ad311ac3d74ca1d19ac411628130ea825049550fd856020d9", "kops", "kubescape"),
        },
    },
    "kube-controller-manager": {
        "1.35.4": {
            "amd64": ("be0dc23daaf568c51017ea867707bd38ab36a78a83982bc12af9184e8e370c2c", "kops"),
            "arm64": ("0ba5bc092a1fe68987f2b4ae072146962ed31b73819c1552153894eff67968c0", "kops"),
        },
        "1.36.3": {
            "amd64": ("7edfe976d5a06c7a702d653e914095f4a732a04bb2139115b6a6eba6a9b781c7", "kops"),
            "arm64": ("27868a5c822824945b93f2d8a724a5dcd99affc68b47230ae766bff8795bbb84", "kops"),
        },
        "1.37.1": {
            "amd64": ("acd67c8f8871d4594f307d2816bf11aa972f47617ee6e1f84b0ce92a091f7290", "kops"),
            "arm64": ("b470c3730cd8e49622c656c47ac16ef994e2edf14ba905be2dad05bc34a4e353", "kops"),
        },
    },
    "kube-proxy": {
        "1.35.4": {
            "amd64": ("db3001aa69c853e5a1a5d51c15eff112e6342a0fea9c99d7e272b6e47268c0a3", "kops"),
            "arm64": ("769bf09cc106c03beb7f10bf96b29ef26a9316e2a43f45b8265c7fb9b8c1d61a", "kops"),
        },
        "1.36.3": {
            "amd64": ("f1b5eb4462df9d98751264c6256628d90fdc72ba8e9a8025d1f75674f078f254", "kops"),
            "arm64": ("5db204a2f79b26f676137052b45e391f6f8c93b85c85ef0a1f5d72647e3c7834", "kops"),
        },
        "1.37.1": {
            "amd64": ("3f1dc2394bfe627927c17e8226b1a94c842529217c06436ddfeb73de8407b6e0", "kops"),
            "arm64": ("c1797c5dd319123c7bbb60dc94f2e91f3aa7b0be9bfe0c9cf3b143d5ee9ab944", "kops"),
        },
    },
    "kube-scheduler": {
        "1.35.4": {
            "amd64": ("c796c9e54fc56745b9f50d2aa464d97d10007adc7cf0ba36a9cbf450a6f11770", "kops"),
            "arm64": ("ad75d09987d28f69d12959b880074ae3d2fedcf7491f5d41d6f23456d822333c", "kops"),
        },
        "1.36.3": {
            "amd64": ("b8955d4518c902110b50a825364339b1fb673822518ce0ba081a69ed634f8eee", "kops"),
            "arm64": ("ca1c7cd0033942bf9ef7eac80e18375d91f6f29487244c3e685f11163b01a88d", "kops"),
        },
        "1.37.1": {
            "amd64": ("8d10dfc64de70b1670cc1ce52701eb6a219c0905a95bdde608edc5432f9eca43", "kops"),
            "arm64": ("1bfe0c213f015abb08131ee8a02353eb0492dfe19a965b54c5ca1145b6d05e10", "kops"),
        },
    },
    "kubectl": {
        "1.35.4": {
            "amd64": ("b529430df69a688fd61b64ad2299edb5fd71cb58be2a4779dba624c7d3510efd", "kops", "kubespray"),
            "arm64": ("6a5a4cc4e396d7626a7a693a3044b51c75520f81db30fe6816c2554e53be336f", "kops", "kubespray"),
        },
        "1.36.3": {
            "amd64": ("ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336", "kops", "kubespray"),
            "arm64": ("3d86f24401c41ae5a46ac50eef8865fe891d3647d324a0836f6c63757a126e62", "kops", "kubespray"),
        },
        "1.37.1": {
            "amd64": ("65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8", "kops"),
            "arm64": ("ff749f4b78d9c4f1ec87307df9b50119ed819e2094aa9810cb9acffc3286c8c7", "kona", "kops"),
        },
    },
    "kubelet": {
        "1.35.4": {
            "amd64": ("983a6ba5a49823dcdd745c674e5e2416377dd27d6ad1b42d2befa0fb961a19f6", "kops", "kubespray"),
            "arm64": ("d710eef03bb4ad164bb77af9be5b11b44f874e2fc08153c7d383420d685f73e8", "kops", "kubespray"),
        },
        "1.36.3": {
            "amd64": ("46707a53209f826ad0f0d62371ac69cd00e78fd9a8176cf5f6f87f18f7f8b718", "kops", "kubespray"),
            "arm64": ("57205a5daf5883873d87b4914e1e00bdd7707acd075714788cfb0fc1f60bc414", "kops", "kubespray"),
        },
        "1.37.1": {
            "amd64": ("cee008c1640c3b41820ef31d35b3cffc132b0c4b78c288be2b8022ebc7aa8293", "kops"),
            "arm64": ("03e64bb3e1611d1b9ea40095b382af014bd2aa0b5f1b6670af6bbfaa0b735443", "kona", "kops"),
        },
    },
}
