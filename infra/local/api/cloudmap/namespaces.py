"""Namespaces. Services in them are what ECS services publish with Service Connect."""

from collections import OrderedDict
from collections.abc import Iterator

from infra.local.api.context import Context
from infra.local.api.errors import ApiError
from infra.local.api.identifiers import hexadecimal
from infra.local.api.pagination import page, with_token
from infra.local.api.tags import capital_tags, check_count, read_tags
from infra.local.clock import to_datetime
from infra.local.store import Document, Namespace, Store

NAMESPACES_MAX = 50
OPERATIONS_KEPT = 1000


def create_namespace(store: Store, name: str, kind: str, now_ms: int) -> Namespace:
    """Put a namespace into the store. Raises ApiError if it exists or there are too many."""
    if any(n.name == name for n in store.namespaces.values()):
        raise ApiError("NamespaceAlreadyExists", f"A namespace named {name} exists already")
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

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store
        self._operations: OrderedDict[str, Document] = OrderedDict()

    async def create_http_namespace(self, params: Document) -> Document:
        return self._create(params, "HTTP")

    async def create_private_dns_namespace(self, params: Document) -> Document:
        return self._create(params, "DNS_PRIVATE")

    async def get_operation(self, params: Document) -> Document:
        operation = self._operations.get(params["OperationId"])
        if operation is None:
            message = f"No operation {params['OperationId']} is known"
            raise ApiError("OperationNotFound", message)
        return {"Operation": operation}

    async def get_namespace(self, params: Document) -> Document:
        return {"Namespace": self._describe(self._find(params["Id"]))}

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
        namespace = self._find(params["Id"])
        users = list(self._users(namespace))
        if users:
            message = f"Namespace {namespace.name} is used by {', '.join(users)}"
            raise ApiError("ResourceInUse", message)
        del self._store.namespaces[namespace.id]
        return {"OperationId": self._record("DELETE_NAMESPACE", namespace.id)}

    async def tag_resource(self, params: Document) -> Document:
        tags = self._tags(params["ResourceARN"])
        added = read_tags(params["Tags"], "TooManyTagsException")
        tags.update(check_count(tags | added, "TooManyTagsException"))
        return {}

    async def untag_resource(self, params: Document) -> Document:
        tags = self._tags(params["ResourceARN"])
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    async def list_tags_for_resource(self, params: Document) -> Document:
        return {"Tags": capital_tags(self._tags(params["ResourceARN"]))}

    def _create(self, params: Document, kind: str) -> Document:
        tags = read_tags(params.get("Tags"), "TooManyTagsException")
        namespace = create_namespace(self._store, params["Name"], kind, self._context.now_ms())
        namespace.description = params.get("Description", "")
        namespace.tags = tags
        return {"OperationId": self._record("CREATE_NAMESPACE", namespace.id)}

    def _record(self, kind: str, namespace_id: str) -> str:
        identity, now = hexadecimal(32), to_datetime(self._context.now_ms())
        self._operations[identity] = {
            "Id": identity,
            "Type": kind,
            "Status": "SUCCESS",
            "CreateDate": now,
            "UpdateDate": now,
            "Targets": {"NAMESPACE": namespace_id},
        }
        if len(self._operations) > OPERATIONS_KEPT:
            self._operations.popitem(last=False)
        return identity

    def _find(self, reference: str) -> Namespace:
        """By id or ARN."""
        namespace = self._store.namespaces.get(reference.rsplit("/", 1)[-1])
        if namespace is None:
            raise ApiError("NamespaceNotFound", f"Namespace {reference} was not found")
        return namespace

    def _tags(self, arn: str) -> dict[str, str]:
        for namespace in self._store.namespaces.values():
            if namespace.arn == arn:
                return namespace.tags
        raise ApiError("ResourceNotFoundException", f"Resource {arn} was not found")

    def _users(self, namespace: Namespace) -> Iterator[str]:
        names = (namespace.name, namespace.arn)
        for service in self._store.services.values():
            if service.status != "INACTIVE" and any(
                (d.service_connect or {}).get("namespace") in names for d in service.deployments
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
            "ServiceCount": len(list(self._users(namespace))),
            "Properties": {"HttpProperties": {"HttpName": namespace.name}},
            "CreateDate": to_datetime(namespace.created_ms),
        }


def _matches(namespace: Namespace, wanted: Document) -> bool:
    own = {"TYPE": namespace.kind, "NAME": namespace.name, "HTTP_NAME": namespace.name}
    value = own.get(wanted["Name"], "SELF")
    if wanted.get("Condition", "EQ") == "BEGINS_WITH":
        return any(value.startswith(text) for text in wanted["Values"])
    return value in wanted["Values"]
