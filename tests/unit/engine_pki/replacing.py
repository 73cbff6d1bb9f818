# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of replacements share: a process that ends at a change of a file, and a vault."""

from __future__ import annotations


class Killed(BaseException):
    """Stands for the end of the process."""


def killed_at(moment: int, function, counter: list[int]):  # type: ignore[no-untyped-def]
    def wrapped(*arguments, **options):  # type: ignore[no-untyped-def]
        if str(arguments[0]).endswith(".tmp"):
            return function(*arguments, **options)
        if counter[0] == moment:
            raise Killed
        counter[0] += 1
        return function(*arguments, **options)

    return wrapped


class Vault:
    """Encrypts by turning the text around."""

    secrets = ("one",)

    def encrypt(self, plaintext: bytes) -> bytes:
        return b"$ANSIBLE_VAULT" + plaintext[::-1]

    def decrypt(self, vaulttext: bytes) -> bytes:
        return vaulttext.removeprefix(b"$ANSIBLE_VAULT")[::-1]
