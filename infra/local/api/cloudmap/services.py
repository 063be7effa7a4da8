"""Services: what instances are registered with, by hand or by ECS (`serviceRegistries`)."""

from infra.local.api.cloudmap import errors
from infra.local.api.cloudmap.instances import instances_of
from infra.local.api.cloudmap.lookup import find_namespace, find_service, services_of
from infra.local.api.cloudmap.operations import Operations
from infra.local.api.context import Context
from infra.local.api.errors import ApiError
from infra.local.api.identifiers import hexadecimal
from infra.local.api.pagination import page, with_token
from infra.local.api.tags import read_tags
from infra.local.clock import to_datetime
from infra.local.namespaces import CloudService, Namespace
from infra.local.store import Document, Store


class CloudServices:
    def __init__(self, context: Context, operations: Operations) -> None:
        self._context = context
        self._store = context.store
        self._operations = operations

    async def create_service(self, params: Document) -> Document:
        """Make a service. In a namespace of DNS it has DnsConfig, unless its Type is HTTP."""
        dns = params.get("DnsConfig")
        reference = params.get("NamespaceId") or (dns or {}).get("NamespaceId")
        if reference is None:
            raise errors.invalid("A service needs a namespace: give NamespaceId")
        namespace = find_namespace(self._store, reference)
        _check_settings(namespace, params)
        self._check_name(namespace, params["Name"])
        identity = f"srv-{hexadecimal(16)}"
        service = CloudService(
            id=identity,
            arn=self._store.arn("servicediscovery", f"service/{identity}"),
            name=params["Name"],
            namespace=namespace.id,
            created_ms=self._context.now_ms(),
            kind=_kind(namespace, params),
            description=params.get("Description", ""),
            creator_request=params.get("CreatorRequestId"),
            dns=_dns(namespace, dns) if dns else None,
            check=params.get("HealthCheckConfig"),
            custom_check={"FailureThreshold": 1} if "HealthCheckCustomConfig" in params else None,
            tags=read_tags(params.get("Tags"), "TooManyTagsException"),
        )
        self._store.cloud_services[identity] = service
        return {"Service": _describe(self._store, service)}

    async def get_service(self, params: Document) -> Document:
        for namespace in self._store.namespaces.values():
            for service in services_of(self._store, namespace):
                if params["Id"] in (service.id, service.arn):
                    return {"Service": _describe(self._store, service)}
        raise errors.service_not_found(params["Id"])

    async def list_services(self, params: Document) -> Document:
        """All services, those of Service Connect among them, or one namespace's."""
        matching = [
            service
            for namespace in self._store.namespaces.values()
            for service in services_of(self._store, namespace)
            if all(_matches(self._store, namespace, one) for one in params.get("Filters", ()))
        ]
        found, token = page(
            matching,
            lambda s: (s.id,),
            params.get("MaxResults", 100),
            params.get("NextToken"),
            error_code="InvalidInput",
        )
        briefs = [_describe(self._store, service) for service in found]
        for brief in briefs:
            del brief["NamespaceId"]
            brief.pop("CreatorRequestId", None)
        return with_token({"Services": briefs}, "NextToken", token)

    async def update_service(self, params: Document) -> Document:
        """Change description, TTLs and health check. DNS records left out are deleted."""
        service = find_service(self._store, params["Id"])
        change = params["Service"]
        if service.kind == "HTTP":
            raise errors.invalid(f"Service {service.name} is of type HTTP: it cannot be updated")
        if service.dns is not None:
            records = change.get("DnsConfig", {}).get("DnsRecords", [])
            service.dns = service.dns | {"DnsRecords": records}
        service.check = change.get("HealthCheckConfig")
        service.description = change.get("Description", service.description)
        return {"OperationId": self._operations.record("UPDATE_SERVICE", {"SERVICE": service.id})}

    async def delete_service(self, params: Document) -> Document:
        service = find_service(self._store, params["Id"])
        if next(instances_of(self._store, service), None) is not None:
            raise errors.in_use(
                "Service contains registered instances; delete the instances before deleting "
                "the service"
            )
        del self._store.cloud_services[service.id]
        return {}

    def _check_name(self, namespace: Namespace, name: str) -> None:
        """A name is there once; in DNS its case makes no difference."""
        for service in services_of(self._store, namespace):
            if service.name == name or (
                namespace.kind != "HTTP" and service.name.lower() == name.lower()
            ):
                message = f"A service named {name} exists already in {namespace.name}"
                details = {"ServiceId": service.id, "ServiceArn": service.arn}
                raise ApiError("ServiceAlreadyExists", message, details=details)


def _check_settings(namespace: Namespace, params: Document) -> None:
    dns, http = params.get("DnsConfig"), namespace.kind == "HTTP" or params.get("Type") == "HTTP"
    if dns and http:
        raise errors.invalid("A service of type HTTP cannot have a DnsConfig")
    if not dns and not http:
        raise errors.invalid(f"A service in {namespace.name} needs a DnsConfig, or Type HTTP")
    if "HealthCheckConfig" in params and "HealthCheckCustomConfig" in params:
        raise errors.invalid("HealthCheckConfig and HealthCheckCustomConfig cannot both be given")
    if "HealthCheckConfig" in params and namespace.kind == "DNS_PRIVATE":
        raise errors.invalid("HealthCheckConfig cannot be given in a private DNS namespace")
    kinds = [record["Type"] for record in (dns or {}).get("DnsRecords", ())]
    if dns and not kinds:
        raise errors.invalid("A DnsConfig needs at least one of DnsRecords")
    if len(set(kinds)) < len(kinds) or ("CNAME" in kinds and len(kinds) > 1):
        raise errors.invalid(f"DNS records {', '.join(kinds)} cannot go together")
    if "CNAME" in kinds and (dns or {}).get("RoutingPolicy") != "WEIGHTED":
        raise errors.invalid("A CNAME record needs the RoutingPolicy WEIGHTED")


def _kind(namespace: Namespace, params: Document) -> str:
    if namespace.kind == "HTTP" or params.get("Type") == "HTTP":
        return "HTTP"
    return "DNS_HTTP"


def _dns(namespace: Namespace, given: Document) -> Document:
    return {"RoutingPolicy": "MULTIVALUE", **given, "NamespaceId": namespace.id}


def _describe(store: Store, service: CloudService) -> Document:
    known: Document = {
        "Id": service.id,
        "Arn": service.arn,
        "ResourceOwner": store.account,
        "Name": service.name,
        "NamespaceId": service.namespace,
        "Description": service.description,
        "InstanceCount": sum(1 for _ in instances_of(store, service)),
        "DnsConfig": service.dns,
        "Type": service.kind,
        "HealthCheckConfig": service.check,
        "HealthCheckCustomConfig": service.custom_check,
        "CreateDate": to_datetime(service.created_ms),
        "CreatedByAccount": store.account,
        "CreatorRequestId": service.creator_request,
    }
    return {name: value for name, value in known.items() if value is not None}


def _matches(store: Store, namespace: Namespace, wanted: Document) -> bool:
    if wanted["Name"] == "RESOURCE_OWNER":
        return bool({"SELF", store.account} & set(wanted["Values"]))
    return namespace.id in wanted["Values"]
