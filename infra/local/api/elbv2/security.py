"""A listener's protocol, certificates and security policy, and DescribeSSLPolicies.

Certificates are taken by their ARNs and not looked up: HTTPS listeners here use one made here.
"""

import re
from typing import Final

from infra.local.api.context import Context
from infra.local.api.elbv2 import errors
from infra.local.api.errors import ApiError
from infra.local.api.pagination import page, with_token
from infra.local.store import Document, Listener

DEFAULT_POLICY: Final = "ELBSecurityPolicy-2016-08"
CERTIFICATES_MAX: Final = 25  # of a listener, besides its default one
_OLD: Final = {
    "ELBSecurityPolicy-2016-08": (0, 1, 2),
    "ELBSecurityPolicy-2015-05": (0, 1, 2),
    "ELBSecurityPolicy-TLS-1-0-2015-04": (0, 1, 2),
    "ELBSecurityPolicy-TLS-1-1-2017-01": (1, 2),
    "ELBSecurityPolicy-TLS-1-2-2017-01": (2,),
    "ELBSecurityPolicy-TLS-1-2-Ext-2018-06": (2,),
    "ELBSecurityPolicy-FS-2018-06": (0, 1, 2),
    "ELBSecurityPolicy-FS-1-1-2019-08": (1, 2),
    "ELBSecurityPolicy-FS-1-2-2019-08": (2,),
    "ELBSecurityPolicy-FS-1-2-Res-2019-08": (2,),
    "ELBSecurityPolicy-FS-1-2-Res-2020-10": (2,),
}
_NEW: Final = (
    *(f"1-{lowest}-2021-06" for lowest in range(4)),
    *(f"1-2-{kind}-2021-06" for kind in ("Res", "Ext1", "Ext2")),
    *(f"1-{lowest}-FIPS-2023-04" for lowest in range(4)),
    *(f"1-2-{kind}-FIPS-2023-04" for kind in ("Res", "Ext0", "Ext1", "Ext2")),
    *(f"1-{lowest}-PQ-2025-09" for lowest in range(4)),
    *(f"1-2-{kind}-PQ-2025-09" for kind in ("Res", "Ext1", "Ext2")),
    *(f"1-{lowest}-FIPS-PQ-2025-09" for lowest in range(4)),
    *(f"1-2-{kind}-FIPS-PQ-2025-09" for kind in ("Res", "Ext0", "Ext1", "Ext2")),
)
_GRAMMAR: Final = re.compile(
    r"ELBSecurityPolicy-TLS13-1-([0-3])(-Res|-Ext[0-2])?(-FIPS)?(-PQ)?-20\d\d-\d\d"
)


class Policies:
    def __init__(self, context: Context) -> None:
        """Policies are the same in every plane."""

    async def describe_ssl_policies(self, params: Document) -> Document:
        """Names and protocols of the policies known here; their ciphers are left out."""
        known = (*_OLD, *(f"ELBSecurityPolicy-TLS13-{name}" for name in _NEW))
        names = params.get("Names") or known
        for name in names:
            check_policy(name)
        found, marker = page(
            names,
            lambda name: (name,),
            params.get("PageSize", len(known)),
            params.get("Marker"),
            error_code="ValidationError",
        )
        return with_token({"SslPolicies": [_policy(name) for name in found]}, "NextMarker", marker)


def _policy(name: str) -> Document:
    matched = _GRAMMAR.fullmatch(name)
    minors = range(int(matched[1]), 4) if matched else _OLD[name]
    return {
        "Name": name,
        "SslProtocols": ["TLSv1" if minor == 0 else f"TLSv1.{minor}" for minor in minors],
        "SupportedLoadBalancerTypes": ["application", "network"],
    }


def check_policy(name: str) -> str:
    """Refuse a policy that ELB has not. Newer TLS 1.3 policies pass by the form of their names."""
    if name not in _OLD and not _GRAMMAR.fullmatch(name):
        raise ApiError("SSLPolicyNotFound", f"SSL policy '{name}' not found")
    return name


def set_security(listener: Listener, params: Document) -> None:
    """Protocol, certificates and policy: HTTPS must have a certificate, HTTP has neither."""
    protocol = params["Protocol"]
    if protocol not in ("HTTP", "HTTPS"):
        raise errors.unsupported_error(f"Listener protocol {protocol}", "use HTTP or HTTPS")
    if params.get("MutualAuthentication", {}).get("Mode", "off") != "off":
        raise errors.unsupported_error("Mutual authentication", "leave it off")
    given = read_certificates(params.get("Certificates", ()))
    if len(given) > 1:
        raise too_many(f"Up to '1' certificate ARNs can be specified, but '{len(given)}'")
    if protocol == "HTTP":
        if given:
            raise errors.validation_error("A certificate cannot be specified for HTTP listeners")
        listener.protocol, listener.certificates, listener.ssl_policy = protocol, [], None
        return
    certificates = [*given, *listener.certificates[1:]] if given else listener.certificates
    if not certificates:
        raise errors.validation_error("A certificate must be specified for HTTPS listeners")
    policy = check_policy(params.get("SslPolicy") or listener.ssl_policy or DEFAULT_POLICY)
    listener.protocol, listener.certificates, listener.ssl_policy = protocol, certificates, policy


def too_many(what: str) -> ApiError:
    return ApiError("TooManyCertificates", f"{what} were specified")


def read_certificates(documents: list[Document]) -> list[str]:
    """Their ARNs. ELB marks the default certificate itself."""
    if any("IsDefault" in document for document in documents):
        message = "You cannot set the isDefault parameter for a certificate."
        raise errors.validation_error(message)
    return [d["CertificateArn"] for d in documents if "CertificateArn" in d]
