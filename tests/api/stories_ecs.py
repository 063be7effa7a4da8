"""What ECS and Cloud Map do, told as short stories of calls."""

from typing import Any

from infra.local.scheduler.model import TaskStatus
from tests.api.refusals_ecs import strategy
from tests.api.scene import Scene
from tests.api.stack import NETWORK, definition

SERVICE = {
    "cluster": "c",
    "taskDefinition": "app",
    "desiredCount": 1,
    "launchType": "FARGATE",
    "networkConfiguration": NETWORK,
}


def ecs(scene: Scene, operation: str, **params: Any) -> Any:
    """The first thing that an answer has."""
    return next(iter(scene.call("ecs", operation, **params).values()))


def cloud(scene: Scene, operation: str, **params: Any) -> Any:
    answer = scene.call("servicediscovery", operation, **params)
    return next(iter(answer.values())) if answer else None


def refused(scene: Scene, service: str, operation: str, **params: Any) -> str:
    """The code of the error."""
    try:
        answer = scene.call(service, operation, **params)
    except scene.stack.ecs.exceptions.ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    raise AssertionError(f"{operation} was not refused: {answer}")


def a_cluster_that_is_there_is_returned_as_it_is(scene: Scene) -> None:
    again = ecs(scene, "create_cluster", clusterName="c", capacityProviders=["FARGATE_SPOT"])
    assert again["capacityProviders"] == ["FARGATE"]
    assert again["activeServicesCount"] == 1


def settings_of_a_cluster_are_the_accounts_until_they_are_its_own(scene: Scene) -> None:
    insights = {"name": "containerInsights", "value": "enhanced"}
    ecs(scene, "put_account_setting_default", **insights)
    made = ecs(scene, "create_cluster", clusterName="d")
    assert made["settings"] == [insights]
    off = {"name": "containerInsights", "value": "disabled"}
    changed = ecs(scene, "update_cluster_settings", cluster="d", settings=[off])
    assert changed["settings"] == [off]
    (old,) = ecs(scene, "describe_clusters", clusters=["c"], include=["SETTINGS"])
    assert old["settings"] == [off]


def account_settings_are_listed_and_reset(scene: Scene) -> None:
    assert ecs(scene, "list_account_settings") == []
    ecs(scene, "put_account_setting", name="defaultLogDriverMode", value="blocking")
    (found,) = ecs(scene, "list_account_settings")
    assert (found["name"], found["value"]) == ("defaultLogDriverMode", "blocking")
    name = {"name": "defaultLogDriverMode"}
    assert ecs(scene, "delete_account_setting", **name)["value"] == "non-blocking"
    (found,) = ecs(scene, "list_account_settings", effectiveSettings=True, **name)
    assert found["value"] == "non-blocking"


def fargate_has_two_capacity_providers(scene: Scene) -> None:
    found = ecs(scene, "describe_capacity_providers")
    assert [one["name"] for one in found] == ["FARGATE", "FARGATE_SPOT"]
    answer = scene.call("ecs", "describe_capacity_providers", capacityProviders=["mine"])
    assert answer["failures"][0]["reason"] == "MISSING"


def a_provider_in_use_stays(scene: Scene) -> None:
    request = SERVICE | {"launchType": None, "capacityProviderStrategy": strategy("FARGATE")}
    made = ecs(scene, "create_service", serviceName="new", **request)
    assert made["capacityProviderStrategy"] == [
        {"capacityProvider": "FARGATE", "weight": 0, "base": 0}
    ]
    code = refused(
        scene,
        "ecs",
        "put_cluster_capacity_providers",
        cluster="c",
        capacityProviders=["FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[],
    )
    assert code == "ResourceInUseException"


def the_same_token_again_is_the_same_service(scene: Scene) -> None:
    request = {"serviceName": "new", "clientToken": "t", **SERVICE}
    first, second = (ecs(scene, "create_service", **request) for _ in range(2))
    assert first["deployments"][0]["id"] == second["deployments"][0]["id"]
    request["clientToken"] = "u"
    assert refused(scene, "ecs", "create_service", **request) == "InvalidParameterException"


def a_service_is_deleted_at_zero_or_by_force(scene: Scene) -> None:
    ecs(scene, "update_service", cluster="c", service="app", desiredCount=0)
    gone = ecs(scene, "delete_service", cluster="c", service="app")
    assert gone["status"] == "DRAINING"
    ecs(scene, "create_service", serviceName="new", **SERVICE)
    forced = ecs(scene, "delete_service", cluster="c", service="new", force=True)
    assert (forced["status"], forced["desiredCount"]) == ("DRAINING", 0)
    code = refused(scene, "ecs", "create_service", serviceName="new", **SERVICE)
    assert code == "InvalidParameterException"


def a_service_without_load_balancers_has_no_grace(scene: Scene) -> None:
    request = {"cluster": "c", "service": "app"}
    ecs(scene, "update_service", healthCheckGracePeriodSeconds=2_147_483_647, **request)
    changed = ecs(scene, "update_service", loadBalancers=[], **request)
    assert "healthCheckGracePeriodSeconds" not in changed


def exec_works_with_a_task_role(scene: Scene) -> None:
    ecs(scene, "register_task_definition", **definition(taskRoleArn="arn:role"))
    request = {"cluster": "c", "service": "app", "enableExecuteCommand": True}
    changed = ecs(scene, "update_service", taskDefinition="app:3", **request)
    assert changed["enableExecuteCommand"] is True


def revisions_go_on_after_deregistration(scene: Scene) -> None:
    again = ecs(scene, "register_task_definition", **definition("gone"))
    assert again["revision"] == 2
    found = ecs(scene, "describe_task_definition", taskDefinition="gone")
    assert found["taskDefinitionArn"].endswith("gone:2")
    old = ecs(scene, "describe_task_definition", taskDefinition="gone:1")
    assert old["status"] == "INACTIVE"


def no_number_is_given_twice(scene: Scene) -> None:
    deleted = ecs(scene, "delete_task_definitions", taskDefinitions=["gone:1"])
    assert [one["status"] for one in deleted] == ["DELETE_IN_PROGRESS"]
    again = ecs(scene, "register_task_definition", **definition("gone"))
    assert again["revision"] == 2


def the_largest_sizes_are_taken(scene: Scene) -> None:
    ecs(
        scene,
        "register_task_definition",
        **definition("big", cpu="16 vCPU", memory="120GB", ephemeralStorage={"sizeInGiB": 200}),
    )
    found = ecs(scene, "describe_task_definition", taskDefinition="big")
    assert (found["cpu"], found["memory"]) == ("16384", "122880")


def a_private_namespace_has_a_hosted_zone(scene: Scene) -> None:
    found = cloud(scene, "get_namespace", Id="$zone")
    dns = found["Properties"]["DnsProperties"]
    assert dns["HostedZoneId"].startswith("Z")
    assert dns["SOA"] == {"TTL": 15}
    assert (found["Type"], found["ServiceCount"]) == ("DNS_PRIVATE", 1)
    other = cloud(scene, "get_namespace", Id="$namespace")
    assert other["Properties"] == {"HttpProperties": {"HttpName": "n"}}


def operations_are_done_at_once_and_remembered(scene: Scene) -> None:
    change = {"Description": "d", "Properties": {"DnsProperties": {"SOA": {"TTL": 60}}}}
    done = cloud(scene, "update_private_dns_namespace", Id="$zone", Namespace=change)
    operation = cloud(scene, "get_operation", OperationId=done)
    assert (operation["Type"], operation["Status"]) == ("UPDATE_NAMESPACE", "SUCCESS")
    assert operation["Targets"] == {"NAMESPACE": scene.names["zone"]}
    wanted = [{"Name": "TYPE", "Values": ["UPDATE_NAMESPACE"]}]
    assert cloud(scene, "list_operations", Filters=wanted) == [{"Id": done, "Status": "SUCCESS"}]
    found = cloud(scene, "get_namespace", Id="$zone")
    assert found["Properties"]["DnsProperties"]["SOA"] == {"TTL": 60}


def a_service_of_cloud_map_has_its_defaults(scene: Scene) -> None:
    found = cloud(scene, "get_service", Id="$registry")
    assert found["DnsConfig"]["RoutingPolicy"] == "MULTIVALUE"
    assert (found["Type"], found["InstanceCount"]) == ("DNS_HTTP", 0)
    (listed,) = cloud(
        scene, "list_services", Filters=[{"Name": "NAMESPACE_ID", "Values": ["$zone"]}]
    )
    assert listed["Id"] == scene.names["registry"]
    records = [{"Type": "A", "TTL": 60}]
    change = {"Description": "d", "DnsConfig": {"DnsRecords": records}}
    cloud(scene, "update_service", Id="$registry", Service=change)
    assert cloud(scene, "get_service", Id="$registry")["DnsConfig"]["DnsRecords"] == records


def instances_are_registered_found_and_deregistered(scene: Scene) -> None:
    attributes = {"AWS_INSTANCE_IPV4": "127.0.0.9", "side": "left"}
    request = {"ServiceId": "$registry", "InstanceId": "i"}
    cloud(scene, "register_instance", Attributes=attributes, **request)
    assert cloud(scene, "get_instance", **request)["Attributes"] == attributes
    health = cloud(scene, "get_instances_health_status", ServiceId="$registry")
    assert health == {"i": "HEALTHY"}
    where = {"NamespaceName": "z.local", "ServiceName": "db"}
    (found,) = cloud(scene, "discover_instances", QueryParameters={"side": "left"}, **where)
    assert (found["InstanceId"], found["Attributes"]) == ("i", attributes)
    assert cloud(scene, "discover_instances", QueryParameters={"side": "right"}, **where) == []
    assert refused(scene, "servicediscovery", "delete_service", Id="$registry") == "ResourceInUse"
    cloud(scene, "deregister_instance", **request)
    cloud(scene, "delete_service", Id="$registry")
    cloud(scene, "delete_namespace", Id="$zone")


def an_unhealthy_instance_is_found_only_when_asked_for(scene: Scene) -> None:
    check: dict[str, Any] = {"HealthCheckCustomConfig": {}}
    made = cloud(scene, "create_service", Name="own", NamespaceId="$namespace", **check)
    assert made["HealthCheckCustomConfig"] == {"FailureThreshold": 1}
    for name in ("a", "b"):
        attributes = {"k": name}
        request = {"ServiceId": made["Id"], "InstanceId": name, "Attributes": attributes}
        cloud(scene, "register_instance", **request)
    sickness = {"ServiceId": made["Id"], "InstanceId": "b", "Status": "UNHEALTHY"}
    cloud(scene, "update_instance_custom_health_status", **sickness)
    where = {"NamespaceName": "n", "ServiceName": "own"}
    assert [i["InstanceId"] for i in cloud(scene, "discover_instances", **where)] == ["a"]
    sick = cloud(scene, "discover_instances", HealthStatus="UNHEALTHY", **where)
    assert [i["InstanceId"] for i in sick] == ["b"]
    assert len(cloud(scene, "discover_instances", HealthStatus="ALL", **where)) == 2


def tasks_of_a_service_with_a_registry_are_instances(scene: Scene) -> None:
    registries = [{"registryArn": "$registry_arn"}]
    request = SERVICE | {"serviceRegistries": registries}
    made = ecs(scene, "create_service", serviceName="new", **request)
    assert made["serviceRegistries"] == [{"registryArn": scene.names["registry_arn"]}]
    task = scene.stack.run(scene.stack.record("new"), status=TaskStatus.RUNNING)
    (found,) = cloud(scene, "list_instances", ServiceId="$registry")
    assert found["Id"] == task.id
    assert found["Attributes"]["AWS_INSTANCE_IPV4"] == task.address
    assert found["Attributes"]["ECS_SERVICE_NAME"] == "new"
    assert refused(scene, "servicediscovery", "delete_service", Id="$registry") == "ResourceInUse"
    task.status = TaskStatus.STOPPED
    assert cloud(scene, "list_instances", ServiceId="$registry") == []


def a_namespace_that_service_connect_uses_by_default_stays(scene: Scene) -> None:
    default = {"namespace": "n"}
    ecs(scene, "update_cluster", cluster="c", serviceConnectDefaults=default)
    connect = {"enabled": True}
    ecs(scene, "create_service", serviceName="new", serviceConnectConfiguration=connect, **SERVICE)
    code = refused(scene, "servicediscovery", "delete_namespace", Id="$namespace")
    assert code == "ResourceInUse"


def service_connect_names_are_services_of_the_namespace(scene: Scene) -> None:
    published = [{"portName": "http", "clientAliases": [{"port": 80}]}]
    connect = {"enabled": True, "namespace": "n", "services": published}
    ecs(scene, "create_service", serviceName="new", serviceConnectConfiguration=connect, **SERVICE)
    wanted = [{"Name": "NAMESPACE_ID", "Values": ["$namespace"]}]
    (found,) = cloud(scene, "list_services", Filters=wanted)
    assert found["Name"] == "http"
    (service,) = ecs(scene, "describe_services", cluster="c", services=["new"])
    (resource,) = service["deployments"][0]["serviceConnectResources"]
    assert resource["discoveryArn"] == found["Arn"]


STORIES = [
    a_cluster_that_is_there_is_returned_as_it_is,
    settings_of_a_cluster_are_the_accounts_until_they_are_its_own,
    account_settings_are_listed_and_reset,
    fargate_has_two_capacity_providers,
    a_provider_in_use_stays,
    the_same_token_again_is_the_same_service,
    a_service_is_deleted_at_zero_or_by_force,
    a_service_without_load_balancers_has_no_grace,
    exec_works_with_a_task_role,
    revisions_go_on_after_deregistration,
    no_number_is_given_twice,
    the_largest_sizes_are_taken,
    a_private_namespace_has_a_hosted_zone,
    operations_are_done_at_once_and_remembered,
    a_service_of_cloud_map_has_its_defaults,
    instances_are_registered_found_and_deregistered,
    an_unhealthy_instance_is_found_only_when_asked_for,
    tasks_of_a_service_with_a_registry_are_instances,
    a_namespace_that_service_connect_uses_by_default_stays,
    service_connect_names_are_services_of_the_namespace,
]
