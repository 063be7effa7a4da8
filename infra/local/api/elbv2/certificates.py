"""The certificates of HTTPS listeners: the default one, and those chosen by the client's name."""

from infra.local.api.context import Context
from infra.local.api.elbv2 import errors
from infra.local.api.elbv2.lookup import PAGE_SIZE, find_listener
from infra.local.api.elbv2.security import CERTIFICATES_MAX, read_certificates
from infra.local.api.errors import ApiError
from infra.local.store import Document, Listener


class Certificates:
    """Kept and returned: the proxy presents one certificate of its own."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    async def add_listener_certificates(self, params: Document) -> Document:
        """Add certificates. One that is there already stays as it is."""
        listener = self._https_listener(params)
        given = read_certificates(params["Certificates"])
        added = [arn for arn in dict.fromkeys(given) if arn not in listener.certificates]
        if len(listener.certificates) - 1 + len(added) > CERTIFICATES_MAX:
            message = "You've reached the limit on the number of certificates per load balancer"
            raise ApiError("TooManyCertificates", f"{message}: {CERTIFICATES_MAX}")
        listener.certificates = [*listener.certificates, *added]
        return {"Certificates": [_certificate(listener, arn) for arn in given]}

    async def remove_listener_certificates(self, params: Document) -> Document:
        """Take certificates away; the default one stays. One that is not there is no error."""
        listener = self._https_listener(params)
        given = read_certificates(params["Certificates"])
        if listener.certificates[0] in given:
            message = f"The default certificate of listener '{listener.arn}' cannot be removed"
            raise ApiError("OperationNotPermitted", message)
        listener.certificates = [arn for arn in listener.certificates if arn not in given]
        return {}

    async def describe_listener_certificates(self, params: Document) -> Document:
        """The default certificate first. There are never more than one page takes."""
        listener = find_listener(self._store, params["ListenerArn"])
        found = listener.certificates[: params.get("PageSize", PAGE_SIZE)]
        return {"Certificates": [_certificate(listener, arn) for arn in found]}

    def _https_listener(self, params: Document) -> Listener:
        listener = find_listener(self._store, params["ListenerArn"])
        if listener.protocol != "HTTPS":
            message = f"Listener '{listener.arn}' is not HTTPS: it has no certificates"
            raise errors.validation_error(message)
        return listener


def _certificate(listener: Listener, arn: str) -> Document:
    return {"CertificateArn": arn, "IsDefault": arn == listener.certificates[0]}
