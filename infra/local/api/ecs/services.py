"""Services: create, update, delete, describe, list."""

import re

from infra.local.api.context import Context
from infra.local.api.ecs import errors
from infra.local.api.ecs.connect import check_connect, connected_services
from infra.local.api.ecs.deployments import (
    apply_document,
    end_deployment,
    start_deployment,
    starts_deployment,
)
from infra.local.api.ecs.documents import describe_service
from infra.local.api.ecs.fargate import check_fargate, check_network, check_platform
from infra.local.api.ecs.lookup import (
    find_cluster,
    find_namespace,
    find_runnable,
    find_service,
    service_arn,
)
from infra.local.api.ecs.providers import check_strategy, fill_strategy
from infra.local.api.ecs.refusals import (
    PERCENT_DEFAULTS,
    check_balancers,
    check_built,
    check_counts,
    check_exec,
    check_grace,
    check_registries,
)
from infra.local.api.pagination import check_limit, page, with_token
from infra.local.api.tags import read_tags
from infra.local.store import Cluster, Document, Service

DESCRIBE_MAX = 10
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_DEPLOYMENT_DEFAULTS: Document = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    **PERCENT_DEFAULTS,
    "strategy": "ROLLING",
}


class Services:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def create_service(self, params: Document) -> Document:
        """Make the service and its first deployment. The same clientToken again changes nothing."""
        cluster = find_cluster(self._store, params.get("cluster"))
        name = params["serviceName"]
        if not _NAME.fullmatch(name):
            raise errors.parameter_error(f"Service name {name!r} contains invalid characters.")
        arn = service_arn(self._store, cluster, name)
        existing = self._store.services.get(arn)
        if existing is not None and existing.status != "INACTIVE":
            return {"service": self._repeated(existing, params)}
        service = self._new(cluster, arn, params)
        start_deployment(self._store, cluster, service, self._context.now_ms())
        self._store.services[arn] = service
        self._context.signals.service_changed(arn)
        return {"service": describe_service(self._store, service, with_tags=True)}

    async def update_service(self, params: Document) -> Document:
        """Change the service; start a deployment if the change asks for one (R2.15)."""
        cluster = find_cluster(self._store, params.get("cluster"))
        service = find_service(self._store, cluster, params["service"])
        if service.status != "ACTIVE":
            raise errors.service_not_active()
        before = service.document
        after = self._merged(cluster, before, params)
        _check_settings(after)
        definition = self._store.definitions[after["taskDefinition"]]
        check_exec(after, definition, "updated")
        new = starts_deployment(before, after, forced=params.get("forceNewDeployment", False))
        if new:
            self._check_parts(cluster, service.arn, after)
        apply_document(service, after)
        self._deploy(cluster, service, new=new)
        self._context.signals.service_changed(service.arn)
        return {"service": describe_service(self._store, service)}

    async def delete_service(self, params: Document) -> Document:
        """Scale to nothing and drain (R2.20). May be called again while it drains."""
        cluster = find_cluster(self._store, params.get("cluster"))
        service = find_service(self._store, cluster, params["service"])
        if service.status == "INACTIVE":
            raise errors.service_not_found()
        if service.desired_count and not params.get("force", False):
            message = "The service cannot be stopped while it is scaled above 0."
            raise errors.parameter_error(message)
        service.desired_count = 0
        for deployment in service.deployments:
            deployment.desired_count = 0
        end_deployment(service, self._context.now_ms())
        service.status = "DRAINING"
        self._context.signals.service_changed(service.arn)
        return {"service": describe_service(self._store, service)}

    async def describe_services(self, params: Document) -> Document:
        cluster = find_cluster(self._store, params.get("cluster"))
        references = params["services"]
        if not 1 <= len(references) <= DESCRIBE_MAX:
            message = f"{len(references)} services were given, it must be 1 to {DESCRIBE_MAX}"
            raise errors.parameter_error(message)
        with_tags = "TAGS" in params.get("include", ())
        found, failures = [], []
        for arn in dict.fromkeys(service_arn(self._store, cluster, r) for r in references):
            if arn in self._store.services:
                service = self._store.services[arn]
                found.append(describe_service(self._store, service, with_tags=with_tags))
            else:
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"services": found, "failures": failures}

    async def list_services(self, params: Document) -> Document:
        cluster = find_cluster(self._store, params.get("cluster"))
        only = params.get("launchType"), params.get("schedulingStrategy")
        arns = [
            service.arn
            for service in self._store.services.values()
            if service.cluster == cluster.arn
            and service.status != "INACTIVE"
            and only[0] in (None, service.document.get("launchType"))
            and only[1] in (None, "REPLICA")
        ]
        return _arns(arns, params)

    async def list_services_by_namespace(self, params: Document) -> Document:
        namespace = find_namespace(self._store, params["namespace"])
        return _arns([s.arn for s in connected_services(self._store, namespace)], params)

    def _repeated(self, existing: Service, params: Document) -> Document:
        if existing.status == "DRAINING":
            raise errors.parameter_error("Unable to Start a service that is still Draining.")
        token = params.get("clientToken")
        if token is None or existing.document.get("clientToken") != token:
            raise errors.parameter_error("Creation of service was not idempotent.")
        return describe_service(self._store, existing, with_tags=True)

    def _new(self, cluster: Cluster, arn: str, params: Document) -> Service:
        check_fargate(cluster, params)
        document = self._with_definition(params)
        chosen = _DEPLOYMENT_DEFAULTS | params.get("deploymentConfiguration", {})
        document["deploymentConfiguration"] = chosen
        rebalancing = "ENABLED" if chosen["maximumPercent"] > 100 else "DISABLED"  # R2.17
        document.setdefault("availabilityZoneRebalancing", rebalancing)
        if "launchType" not in params:
            strategy = params.get("capacityProviderStrategy") or cluster.default_strategy
            document["capacityProviderStrategy"] = fill_strategy(strategy)
        _check_settings(document)
        check_exec(document, self._store.definitions[document["taskDefinition"]], "created")
        self._check_parts(cluster, arn, document)
        service = Service(
            name=params["serviceName"],
            arn=arn,
            cluster=cluster.arn,
            task_definition=document["taskDefinition"],
            desired_count=document["desiredCount"],
            created_ms=self._context.now_ms(),
            document=document,
            tags=read_tags(params.get("tags"), "InvalidParameterException"),
        )
        apply_document(service, document)
        return service

    def _with_definition(self, params: Document) -> Document:
        """The request with the task definition's ARN in place of the name given for it."""
        if "taskDefinition" not in params:
            raise errors.parameter_error("TaskDefinition cannot be empty: give taskDefinition")
        arn = find_runnable(self._store, params["taskDefinition"]).arn
        return {**params, "taskDefinition": arn}

    def _merged(self, cluster: Cluster, before: Document, params: Document) -> Document:
        change = {
            k: v for k, v in params.items() if k not in ("cluster", "service", "forceNewDeployment")
        }
        if "taskDefinition" in change:
            change = self._with_definition(change)
        deployment = before["deploymentConfiguration"] | change.pop("deploymentConfiguration", {})
        merged = {**before, **change, "deploymentConfiguration": deployment}
        strategy = change.get("capacityProviderStrategy")
        if strategy:
            check_strategy(cluster.capacity_providers, strategy)
            merged["capacityProviderStrategy"] = fill_strategy(strategy)
            merged.pop("launchType", None)
        if change.get("loadBalancers") == [] and "healthCheckGracePeriodSeconds" not in change:
            merged.pop("healthCheckGracePeriodSeconds", None)
        return merged

    def _check_parts(self, cluster: Cluster, arn: str, document: Document) -> None:
        """Refuse a deployment whose tasks could not join their target groups or namespace."""
        definition = self._store.definitions[document["taskDefinition"]]
        check_balancers(self._store, document.get("loadBalancers", []), definition)
        check_registries(self._store, document.get("serviceRegistries", []), definition)
        config = document.get("serviceConnectConfiguration")
        if config is not None:
            check_connect(self._store, cluster, arn, config, definition)

    def _deploy(self, cluster: Cluster, service: Service, *, new: bool) -> None:
        primary = service.primary
        if new:
            start_deployment(self._store, cluster, service, self._context.now_ms())
        elif primary.desired_count != service.desired_count:
            primary.desired_count = service.desired_count
            primary.updated_ms = self._context.now_ms()


def _check_settings(document: Document) -> None:
    check_built(document)
    check_counts(document)
    check_grace(document)
    check_platform(document)
    check_network(document)


def _arns(arns: list[str], params: Document) -> Document:
    limit = check_limit(params.get("maxResults", 10), 100, "maxResults")
    found, token = page(arns, lambda arn: (arn,), limit, params.get("nextToken"))
    return with_token({"serviceArns": found}, "nextToken", token)
