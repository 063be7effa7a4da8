"""Certificates for HTTPS listeners: one authority per directory, one certificate per name."""

import os
from ipaddress import ip_address
from pathlib import Path

import trustme

from infra.local.proxy.model import Certificate


class Authority:
    """A certificate authority of this directory's own, made once and kept."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.ca_file = directory / "ca.pem"
        self._ca = _load(self.ca_file, directory / "ca.key")

    def issue(self, directory: Path, *names: str) -> Certificate:
        """Write a new certificate for these host names and addresses into the directory."""
        directory.mkdir(parents=True, exist_ok=True)
        issued = self._ca.issue_cert(*dict.fromkeys(names))
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        certificate = Certificate(chain=directory / "server.pem", key=directory / "server.key")
        _write(certificate.key, issued.private_key_pem.bytes())
        _write(certificate.chain, chain)
        return certificate


def names_for(bind: str, dns_name: str) -> tuple[str, ...]:
    """The names a load balancer is called by here."""
    address = ip_address(bind)
    own = () if address.is_unspecified else (str(address),)
    return ("localhost", "127.0.0.1", *own, dns_name)


def _load(certificate: Path, key: Path) -> trustme.CA:
    if certificate.exists() and key.exists():
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    ca = trustme.CA(organization_name="ecs-rehearsal")
    _write(key, ca.private_key_pem.bytes())
    _write(certificate, ca.cert_pem.bytes())
    return ca


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all, readable by the owner alone."""
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
