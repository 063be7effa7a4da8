"""Namespaces. Services in them are what ECS services publish with Service Connect."""

from collections.abc import Iterator

from infra.local.api.cloudmap import errors
from infra.local.api.cloudmap.lookup import find_namespace, services_of
from infra.local.api.cloudmap.operations import Operations
from infra.local.api.context import Context
from infra.local.api.errors import ApiError
from infra.local.api.identifiers import hexadecimal
from infra.local.api.pagination import page, with_token
from infra.local.api.tags import read_tags
from infra.local.clock import to_datetime
from infra.local.namespaces import Namespace
from infra.local.store import Document, Store

NAMESPACES_MAX = 50


def create_namespace(store: Store, name: str, kind: str, now_ms: int) -> Namespace:
    """Put a namespace into the store. Raises ApiError if it exists or there are too many."""
    for existing in store.namespaces.values():
        if existing.name == name:
            message = f"A namespace named {name} exists already"
            details = {"NamespaceId": existing.id}
            raise ApiError("NamespaceAlreadyExists", message, details=details)
    if len(store.namespaces) >= NAMESPACES_MAX:
        message = f"The maximum number of namespaces is {NAMESPACES_MAX}: delete one"
        raise ApiError("ResourceLimitExceeded", message)
    identity = f"ns-{hexadecimal(16)}"
    arn = store.arn("servicediscovery", f"namespace/{identity}")
    namespace = Namespace(identity, arn, name, kind, now_ms)
    store.namespaces[identity] = namespace
    return namespace


class Namespaces:
    """Creations and deletions are done at once; their operations answer SUCCESS afterwards."""

    def __init__(self, context: Context, operations: Operations) -> None:
        self._context = context
        self._store = context.store
        self._operations = operations

    async def create_http_namespace(self, params: Document) -> Document:
        """Make a namespace for API calls and Service Connect."""
        return self._create(params, "HTTP")

    async def create_private_dns_namespace(self, params: Document) -> Document:
        """Make a namespace with a hosted zone's id. Its names are not resolved by DNS here."""
        return self._create(params, "DNS_PRIVATE")

    async def update_http_namespace(self, params: Document) -> Document:
        """Change the description."""
        return self._update(params, "HTTP")

    async def update_private_dns_namespace(self, params: Document) -> Document:
        """Change the description or the TTL of the SOA record."""
        return self._update(params, "DNS_PRIVATE")

    async def get_namespace(self, params: Document) -> Document:
        namespace = find_namespace(self._store, params["Id"])
        creator = namespace.creator_request
        asked = {"CreatorRequestId": creator} if creator else {}
        return {"Namespace": self._describe(namespace) | asked}

    async def list_namespaces(self, params: Document) -> Document:
        matching = [
            n
            for n in self._store.namespaces.values()
            if all(_matches(n, f) for f in params.get("Filters", ()))
        ]
        found, token = page(
            matching,
            lambda n: (n.id,),
            params.get("MaxResults", 100),
            params.get("NextToken"),
            error_code="InvalidInput",
        )
        return with_token({"Namespaces": [self._describe(n) for n in found]}, "NextToken", token)

    async def delete_namespace(self, params: Document) -> Document:
        namespace = find_namespace(self._store, params["Id"])
        users = sorted(self._users(namespace))
        if users:
            names = ", ".join(dict.fromkeys(users))
            raise errors.in_use(f"Namespace {namespace.name} is used by {names}")
        del self._store.namespaces[namespace.id]
        return {"OperationId": self._record("DELETE_NAMESPACE", namespace.id)}

    def _create(self, params: Document, kind: str) -> Document:
        tags = read_tags(params.get("Tags"), "TooManyTagsException")
        namespace = create_namespace(self._store, params["Name"], kind, self._context.now_ms())
        namespace.description = params.get("Description", "")
        namespace.creator_request = params.get("CreatorRequestId")
        namespace.tags = tags
        soa = params.get("Properties", {}).get("DnsProperties", {}).get("SOA")
        namespace.ttl = namespace.ttl if soa is None else soa["TTL"]
        return {"OperationId": self._record("CREATE_NAMESPACE", namespace.id)}

    def _update(self, params: Document, kind: str) -> Document:
        namespace = find_namespace(self._store, params["Id"])
        if namespace.kind != kind:
            raise errors.invalid(f"Namespace {namespace.name} is of type {namespace.kind}")
        change = params["Namespace"]
        namespace.description = change.get("Description", namespace.description)
        soa = change.get("Properties", {}).get("DnsProperties", {}).get("SOA")
        namespace.ttl = namespace.ttl if soa is None else soa["TTL"]
        return {"OperationId": self._record("UPDATE_NAMESPACE", namespace.id)}

    def _record(self, kind: str, namespace_id: str) -> str:
        return self._operations.record(kind, {"NAMESPACE": namespace_id})

    def _users(self, namespace: Namespace) -> Iterator[str]:
        """Services in it, and ECS services that have it for Service Connect."""
        yield from (s.name for s in services_of(self._store, namespace))
        for service in self._store.services.values():
            default = self._store.clusters[service.cluster].service_connect_namespace
            if service.status != "INACTIVE" and any(
                _uses(namespace, d.service_connect, default) for d in service.deployments
            ):
                yield service.name

    def _describe(self, namespace: Namespace) -> Document:
        return {
            "Id": namespace.id,
            "Arn": namespace.arn,
            "ResourceOwner": self._store.account,
            "Name": namespace.name,
            "Type": namespace.kind,
            "Description": namespace.description,
            "ServiceCount": sum(1 for _ in services_of(self._store, namespace)),
            "Properties": _properties(namespace),
            "CreateDate": to_datetime(namespace.created_ms),
        }


def _uses(namespace: Namespace, config: Document | None, default: str | None) -> bool:
    if config is None or not config["enabled"]:
        return False
    return (config.get("namespace") or default) in (namespace.id, namespace.name, namespace.arn)


def _properties(namespace: Namespace) -> Document:
    """A private DNS namespace has a hosted zone in Route 53; here only its id."""
    properties: Document = {"HttpProperties": {"HttpName": namespace.name}}
    if namespace.kind == "DNS_PRIVATE":
        zone = f"Z{namespace.id.removeprefix('ns-').upper()}"
        properties["DnsProperties"] = {"HostedZoneId": zone, "SOA": {"TTL": namespace.ttl}}
    return properties


def _matches(namespace: Namespace, wanted: Document) -> bool:
    own = {"TYPE": namespace.kind, "NAME": namespace.name, "HTTP_NAME": namespace.name}
    value = own.get(wanted["Name"], "SELF")
    if wanted.get("Condition", "EQ") == "BEGINS_WITH":
        return any(value.startswith(text) for text in wanted["Values"])
    return value in wanted["Values"]
