# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the PKI directory, whatever is in them: created once, readable by their owner alone, perhaps encrypted.

Ansible's forks need a file at the same time, and so may runs of other controllers that share the directory. No lock keeps them apart,
since locks on a network file system may not reach the other controller, and may outlive their holder. Instead a file can be created only
once (``atomic_file.create``): who comes second takes what is there. Check mode creates nothing. Keys may be encrypted with ansible-vault.
"""

from __future__ import annotations

import collections.abc as c
import contextlib
import pathlib
import stat
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import ec, exceptions, serialization
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError

# How a file begins that ansible-vault has encrypted.
VAULT_MARK = b"$ANSIBLE_VAULT"
_VAULT_ADVICE = "Give the secret with --vault-password-file or --ask-vault-pass."


class Vault(t.Protocol):
    """The part of ansible.parsing.vault.VaultLib that is used."""

    secrets: t.Any

    def decrypt(self, vaulttext: bytes) -> bytes: ...

    def encrypt(self, plaintext: bytes) -> bytes: ...


def vault_of(loader: t.Any) -> Vault:
    """The vault with the secrets of this run; ``loader`` is the DataLoader of an action plugin (``self._loader``)."""
    # The public methods of the loader decrypt only whole files; the vault itself has no public access.
    return t.cast(Vault, loader._vault)


class StoredFiles:
    """A directory of secrets and of what belongs to them. ``warnings`` collects the repairs that the operator should know about."""

    def __init__(self, directory: pathlib.Path, *, check_mode: bool, vault: Vault | None) -> None:
        self.directory = directory
        self.warnings: list[str] = []
        # Whether missing files are created. If not, ``awaited`` collects their names, and their texts are None.
        self.creates = not check_mode
        self.awaited: set[str] = set()
        self._check_mode = check_mode
        self._vault = vault

    def stored(self, name: str) -> str | None:
        """The text of a file as it is; None if it does not exist. Creates and judges nothing."""
        try:
            self._path(name).stat()
        except (FileNotFoundError, NotADirectoryError):
            if not self._exists(name):
                return None
        except OSError:
            pass  # reading it says why it cannot be read
        return self._text(name)

    def create(self, name: str, text: str, *, mode: int) -> None:
        """Writes a file, unless it exists."""
        if not self._exists(name):
            atomic_file.create(self._path(name), text, mode=mode)

    def create_key(self, name: str, *, like: str) -> None:
        """Makes a private key unless it exists. It is encrypted with ansible-vault if the key ``like`` is."""
        self.create(name, self.sealed(certs.private_pem(certs.new_key()), name=name, like=like), mode=0o600)

    def sealed(self, text: str, *, name: str, like: str) -> str:
        """The text for a new file. It is encrypted with ansible-vault if the file ``like`` is."""
        other = self._path(like)
        if not self._exists(like) or not other.read_bytes().startswith(VAULT_MARK):
            return text
        if self._vault is None or not self._vault.secrets:
            raise PkiError(
                f"{other} is encrypted with ansible-vault, so {name} is to be, too, and there is no vault secret. {_VAULT_ADVICE}"
            )
        return self._vault.encrypt(text.encode()).decode()

    def is_closed(self, name: str) -> bool:
        """Whether a file is encrypted with ansible-vault, and this run has no vault secret at all."""
        try:
            encrypted = self._path(name).read_bytes().startswith(VAULT_MARK)
        except OSError:
            return False
        return encrypted and not (self._vault is not None and self._vault.secrets)

    def key(self, name: str) -> ec.EllipticCurvePrivateKey:
        """A private key of the directory. Raises PkiError for a file that is none."""
        try:
            key = serialization.load_pem_private_key(self._text(name).encode(), password=None)
        except (ValueError, TypeError, exceptions.UnsupportedAlgorithm):
            raise PkiError(f"{self._path(name)} is no private key in PEM form. Put the right file back from your backup.") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise PkiError(f"{self._path(name)} is not an ECDSA key, the only kind used here. Put the right file back from your backup.")
        return key

    def belongs(self, key: str, public: str) -> bool:
        """Whether a private key is that of a certificate or of a public key in PEM form."""
        return self._exists(key) and self.key(key).public_key() == certs.public_key_of(public)

    @contextlib.contextmanager
    def writing(self) -> c.Iterator[None]:
        """Raises PkiError for a file that cannot be written."""
        try:
            yield
        except OSError as error:
            raise PkiError(f"{error.filename or self.directory} cannot be written: {error.strerror}. Correct it, and run again.") from None

    def _path(self, name: str) -> pathlib.Path:
        return self.directory / name

    def _born(self, name: str, make: t.Callable[[], object]) -> str | None:
        """The text of a file. ``make`` creates the file if it does not exist."""
        if not self._exists(name):
            if not self.creates:
                self.awaited.add(name)
                return None
            self._open_directory()
            self._make(name, make)
        return self._text(name)

    def _exists(self, name: str) -> bool:
        return atomic_file.exists(self._path(name))

    def _make(self, name: str, make: t.Callable[[], object]) -> None:
        try:
            make()
        except OSError as error:
            raise PkiError(
                f"{self._path(name)} cannot be created: {error.strerror}. Free some space, mend the rights of the PKI directory, or put it "
                "on a file system with hard links."
            ) from None

    def _open_directory(self) -> None:
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._close(self.directory, 0o700)
        except OSError as error:
            raise PkiError(
                f"{self.directory}: the PKI directory cannot be used: {error.strerror}. Correct cluster_pki_directory or its rights."
            ) from None

    def _close(self, path: pathlib.Path, mode: int) -> None:
        found = stat.S_IMODE(path.stat().st_mode)
        if not found & ~mode:
            return
        found_open = f"{path} had mode {found:04o}, open to other users of this machine"
        if self._check_mode:
            warning = f"{found_open}; a run without --check makes it {mode:04o}."
        else:
            self._chmod(path, found, mode)
            warning = f"{found_open}; it was made {mode:04o}. If somebody may have read it, replace the keys."
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _chmod(self, path: pathlib.Path, found: int, mode: int) -> None:
        try:
            path.chmod(mode)
        except OSError as error:
            raise PkiError(
                f"{path} has mode {found:04o}, open to other users of this machine, and cannot be made {mode:04o}: {error.strerror}. The "
                "PKI directory belongs to one user alone: run as its owner, or take the access of others away (a group cannot share it)."
            ) from None

    def _text(self, name: str) -> str:
        """Reads a file, and decrypts it if it is encrypted. A readable key in clear text is made private."""
        path = self._path(name)
        try:
            content = path.read_bytes()
            if path.stat().st_nlink > 1:  # killed when it was just created
                atomic_file.remove_leftovers(path)
        except OSError as error:
            raise PkiError(f"{path} cannot be read: {error.strerror}. Run as the user who owns the PKI directory.") from None
        if content.startswith(VAULT_MARK):
            return self._decrypted(path, content)
        if not name.endswith((".crt", ".pub")):
            self._close(path, 0o600)
        return _decoded(path, content)

    def _decrypted(self, path: pathlib.Path, content: bytes) -> str:
        if self._vault is None:
            raise PkiError(f"{path} is encrypted with ansible-vault, and there is no vault secret. {_VAULT_ADVICE}")
        try:
            return _decoded(path, self._vault.decrypt(content))
        except PkiError:
            raise
        except Exception as error:
            # Versions of VaultLib raise different exceptions, whose text may quote decrypted data: only the type is shown.
            raise PkiError(
                f"{path} is encrypted with ansible-vault and cannot be decrypted ({type(error).__name__}). {_VAULT_ADVICE}"
            ) from None


def _decoded(path: pathlib.Path, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise PkiError(f"{path} is not text. Put the right file back from your backup.") from None
