"""Cloud Map namespaces, and Service Connect as services ask for it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.store import Alias
from tests.api.plane import Plane
from tests.api.stack import Stack


def connect(name: str | None = None, **entry: Any) -> dict[str, Any]:
    """A client's configuration, or with a name that of a service that publishes it."""
    services = []
    if name:
        alias = {"port": 8080, "dnsName": name}
        services = [{"portName": "http", "discoveryName": name, "clientAliases": [alias], **entry}]
    return {"enabled": True, "namespace": "n", "services": services}


@pytest.fixture
def namespace(stack: Stack) -> str:
    made = stack.plane.client("servicediscovery").create_http_namespace(Name="n")
    cloudmap = stack.plane.client("servicediscovery")
    operation = cloudmap.get_operation(OperationId=made["OperationId"])["Operation"]
    assert operation["Status"] == "SUCCESS"
    identity: str = operation["Targets"]["NAMESPACE"]
    return identity


def test_a_namespace_can_be_read_listed_tagged_and_deleted(plane: Plane) -> None:
    cloudmap = plane.client("servicediscovery")
    cloudmap.create_private_dns_namespace(
        Name="a.local", Vpc="vpc-1", Tags=[{"Key": "k", "Value": "v"}]
    )
    cloudmap.create_http_namespace(Name="b")
    kind = {"Name": "TYPE", "Values": ["HTTP"]}
    (found,) = cloudmap.list_namespaces(Filters=[kind])["Namespaces"]
    assert (found["Name"], found["Type"]) == ("b", "HTTP")
    assert cloudmap.get_namespace(Id=found["Id"])["Namespace"]["Arn"] == found["Arn"]
    first = cloudmap.list_namespaces(MaxResults=1)
    second = cloudmap.list_namespaces(NextToken=first["NextToken"])
    names = {n["Name"] for n in first["Namespaces"] + second["Namespaces"]}
    assert names == {"a.local", "b"}
    cloudmap.delete_namespace(Id=found["Id"])
    with pytest.raises(cloudmap.exceptions.NamespaceNotFound):
        cloudmap.get_namespace(Id=found["Id"])
    with pytest.raises(cloudmap.exceptions.NamespaceAlreadyExists):
        cloudmap.create_http_namespace(Name="a.local")


def test_a_deployment_knows_the_names_that_exist_when_it_is_made(
    stack: Stack, namespace: str
) -> None:
    early = stack.create("early", serviceConnectConfiguration=connect())
    orders = stack.create("orders", serviceConnectConfiguration=connect("order-api"))
    stack.create("late", serviceConnectConfiguration=connect())
    alias = Alias("order-api", 8080, orders["serviceArn"], "http")
    assert stack.record("early").primary.aliases == ()
    assert stack.record("orders").primary.aliases == (alias,)
    assert stack.record("late").primary.aliases == (alias,)
    stack.ecs.update_service(cluster="c", service="early", desiredCount=3)
    assert stack.record("early").primary.aliases == ()
    stack.ecs.update_service(cluster="c", service="early", forceNewDeployment=True)
    assert stack.record("early").primary.aliases == (alias,)
    assert stack.record("early").deployments[1].id == early["deployments"][0]["id"]


def test_the_configuration_comes_back_with_its_discovery_names(
    stack: Stack, namespace: str
) -> None:
    config = connect("order-api", timeout={"perRequestTimeoutSeconds": 15})
    stack.create(serviceConnectConfiguration=config)
    deployment = stack.describe()["deployments"][0]
    assert deployment["serviceConnectConfiguration"] == config
    (resource,) = deployment["serviceConnectResources"]
    assert resource["discoveryName"] == "order-api"


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        (connect("a", portName="x"), "InvalidParameterException", "port name x"),
        (connect("a", clientAliases=[]), "InvalidParameterException", "exactly one client alias"),
        ({**connect(), "namespace": "x"}, "NamespaceNotFoundException", "x was not found"),
        ({"enabled": True}, "InvalidParameterException", "needs a namespace"),
        (connect("taken"), "InvalidParameterException", "is used by other"),
    ],
)
def test_such_a_configuration_is_refused(
    stack: Stack, namespace: str, config: dict[str, Any], code: str, words: str
) -> None:
    stack.create("other", serviceConnectConfiguration=connect("taken"))
    with pytest.raises(ClientError, match=words) as raised:
        stack.create(serviceConnectConfiguration=config)
    assert raised.value.response["Error"]["Code"] == code


def test_the_clusters_default_namespace_is_made_when_it_is_not_there(stack: Stack) -> None:
    defaults = {"namespace": "default-one"}
    stack.ecs.update_cluster(cluster="c", serviceConnectDefaults=defaults)
    stack.create(serviceConnectConfiguration={"enabled": True})
    found = stack.ecs.list_services_by_namespace(namespace="default-one")["serviceArns"]
    assert found == [stack.record().arn]


def test_instances_are_the_tasks_that_serve(stack: Stack, namespace: str) -> None:
    stack.create(serviceConnectConfiguration=connect("order-api"))
    task = stack.run(stack.record())
    stack.run(stack.record()).checked = True
    cloudmap = stack.plane.client("servicediscovery")
    request = {"NamespaceName": "n", "ServiceName": "order-api"}
    (instance,) = cloudmap.discover_instances(**request)["Instances"]
    assert instance["InstanceId"] == task.id
    assert instance["HealthStatus"] == "HEALTHY"
    assert instance["Attributes"]["AWS_INSTANCE_IPV4"] == task.address
    assert instance["Attributes"]["AWS_INSTANCE_PORT"] == "8080"
    with pytest.raises(cloudmap.exceptions.ServiceNotFound):
        cloudmap.discover_instances(NamespaceName="n", ServiceName="x")


def test_a_namespace_in_use_is_not_deleted(stack: Stack, namespace: str) -> None:
    stack.create(serviceConnectConfiguration=connect())
    cloudmap = stack.plane.client("servicediscovery")
    with pytest.raises(cloudmap.exceptions.ResourceInUse):
        cloudmap.delete_namespace(Id=namespace)
