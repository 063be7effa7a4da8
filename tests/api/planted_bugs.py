"""Mutants of the API, each with the row of a table or the story that must see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """`text` occurs exactly once in the module of the API. `seen_by`: a refusal's sentence, or a
    story's name."""

    name: str
    module: str
    seen_by: str
    text: str
    instead: str


P = PlantedBug
OTHERS = (
    P(
        "a range's end is below it",
        "validation",
        "a_rule_changes_one_part_at_a_time",
        "size > most",
        "size >= most",
    ),
    P(
        "ranges have no beginning",
        "validation",
        "port 0",
        "least is not None and size < least",
        "least is not None and size < 0",
    ),
    P(
        "patterns are for show",
        "validation",
        "a key that is no key",
        "if pattern and not _fits(pattern, value):",
        "if pattern == value:",
    ),
    P(
        "a tag of AWS's own in capitals",
        "tags",
        "a tag of AWS's own on a cluster",
        "key.lower().startswith",
        "key.startswith",
    ),
    P(
        "tags are overwritten in silence",
        "tags",
        "a tag twice",
        "        if key in tags:",
        "        if not key:",
    ),
    P(
        "grace needs no load balancer",
        "ecs.refusals",
        "grace without a load balancer",
        'in document and not document.get("loadBalancers"):',
        "in document and not document:",
    ),
    P(
        "grace outlives the load balancer",
        "ecs.services",
        "a_service_without_load_balancers_has_no_grace",
        'merged.pop("healthCheckGracePeriodSeconds", None)',
        "pass",
    ),
    P(
        "exec needs no role",
        "ecs.refusals",
        "exec without a role",
        'if document.get("enableExecuteCommand") and not definition',
        "if not document and not definition",
    ),
    P(
        "a second registry",
        "ecs.refusals",
        "two registries",
        "REGISTRIES_MAX = 1",
        "REGISTRIES_MAX = 2",
    ),
    P(
        "a strategy of what the cluster has not",
        "ecs.providers",
        "a strategy that the cluster has not",
        "if set(names) - set(cluster_providers):",
        "if set(names) - {*FARGATE, *cluster_providers}:",
    ),
    P(
        "a provider in use is removed",
        "ecs.providers",
        "a_provider_in_use_stays",
        "if gone & {",
        "if not gone | {",
    ),
    P(
        "a token for everybody",
        "ecs.services",
        "the_same_token_again_is_the_same_service",
        'existing.document.get("clientToken") != token',
        "not token",
    ),
    P(
        "a number is given again",
        "ecs.definitions",
        "no_number_is_given_twice",
        "and definition.revision < max(family)",
        "and family",
    ),
    P(
        "a cluster that is there is changed",
        "ecs.clusters",
        "a_cluster_that_is_there_is_returned_as_it_is",
        'if existing is not None and existing.status == "ACTIVE":',
        'if existing is not None and existing.status == "ACTIVE":\n'
        "            self._set(existing, params)",
    ),
    P(
        "the account's insights are for nobody",
        "ecs.clusters",
        "settings_of_a_cluster_are_the_accounts_until_they_are_its_own",
        "effective(self._store, _INSIGHTS)",
        '"disabled"',
    ),
    P(
        "a stop of three minutes",
        "ecs.containers",
        "a stop of 121 s",
        '"stopTimeout": (2, 120)',
        '"stopTimeout": (2, 180)',
    ),
    P(
        "containers have more than their task",
        "ecs.limits",
        "more memory than the task",
        "if name in document and total >",
        "if name in document and 0 >",
    ),
    P("links on Fargate", "ecs.limits", "links", '    "links",\n', ""),
    P(
        "storage of 20 GiB",
        "ecs.limits",
        "20 GiB",
        "STORAGE_GIB = (21, 200)",
        "STORAGE_GIB = (20, 200)",
    ),
    P(
        "a namespace in use goes",
        "cloudmap.namespaces",
        "deleting a namespace with a service",
        "        if users:",
        "        if not users:",
    ),
    P(
        "Service Connect's default namespace goes",
        "cloudmap.namespaces",
        "a_namespace_that_service_connect_uses_by_default_stays",
        '(config.get("namespace") or default) in',
        'config.get("namespace") in',
    ),
    P(
        "no hosted zone",
        "cloudmap.namespaces",
        "a_private_namespace_has_a_hosted_zone",
        'if namespace.kind == "DNS_PRIVATE":',
        'if namespace.kind == "DNS":',
    ),
    P(
        "a service with instances goes",
        "cloudmap.services",
        "tasks_of_a_service_with_a_registry_are_instances",
        "if next(instances_of(self._store, service), None) is not None:",
        "if service.instances:",
    ),
    P(
        "tasks stay instances when they are gone",
        "cloudmap.instances",
        "tasks_of_a_service_with_a_registry_are_instances",
        "                if serving(task):",
        "                if serving:",
    ),
    P(
        "sick instances are found",
        "cloudmap.discovery",
        "an_unhealthy_instance_is_found_only_when_asked_for",
        '"HEALTHY_OR_ELSE_ALL")',
        '"ALL")',
    ),
    P(
        "case counts in DNS",
        "cloudmap.services",
        "a service that is there",
        "service.name.lower() == name.lower()",
        "service.name == name",
    ),
)
