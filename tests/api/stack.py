"""What most tests need to be there, made through the API."""

from dataclasses import dataclass
from typing import Any

from infra.local.scheduler.model import TaskStatus
from infra.local.store import Service, Task
from tests.api.plane import Plane

SUBNETS = ["subnet-a", "subnet-b"]
NETWORK = {"awsvpcConfiguration": {"subnets": SUBNETS, "securityGroups": ["sg-1"]}}
CONTAINER = {
    "name": "app",
    "image": "order-api:1",
    "portMappings": [{"containerPort": 8080, "name": "http", "appProtocol": "http"}],
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/ecs/app", "awslogs-stream-prefix": "ecs"},
    },
}


def definition(family: str = "app", **members: Any) -> dict[str, Any]:
    """A RegisterTaskDefinition request for Fargate; members replace its own."""
    return {
        "family": family,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [CONTAINER],
        **members,
    }


@dataclass
class Stack:
    plane: Plane
    ecs: Any
    elb: Any
    balancer: str
    listener: str
    group: str

    @classmethod
    def build(cls, plane: Plane) -> "Stack":
        ecs, elb = plane.client("ecs"), plane.client("elbv2")
        made = elb.create_load_balancer(Name="alb", Subnets=SUBNETS, SecurityGroups=["sg-1"])
        balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
        group = make_group(elb, "app")
        listener = elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )["Listeners"][0]["ListenerArn"]
        ecs.create_cluster(clusterName="c")
        ecs.register_task_definition(**definition())
        plane.signals.take()
        return cls(plane, ecs, elb, balancer, listener, group)

    def create(self, name: str = "app", **members: Any) -> dict[str, Any]:
        """Create a service behind the target group; members replace the request's own."""
        request = {
            "cluster": "c",
            "serviceName": name,
            "taskDefinition": "app",
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": NETWORK,
            "loadBalancers": [
                {"targetGroupArn": self.group, "containerName": "app", "containerPort": 8080}
            ],
            **members,
        }
        made: dict[str, Any] = self.ecs.create_service(**request)["service"]
        return made

    def describe(self, name: str = "app") -> dict[str, Any]:
        answer: dict[str, Any] = self.ecs.describe_services(cluster="c", services=[name])
        assert answer["failures"] == []
        found: dict[str, Any] = answer["services"][0]
        return found

    def record(self, name: str = "app") -> Service:
        return next(s for s in self.plane.store.services.values() if s.name == name)

    def run(self, service: Service, *, status: TaskStatus = TaskStatus.RUNNING) -> Task:
        """Put a task of the service's newest deployment into the store, as the scheduler would."""
        started = self.ecs.run_task(
            cluster="c",
            taskDefinition=service.task_definition,
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            startedBy=service.primary.id,
            group=f"service:{service.name}",
        )["tasks"][0]
        task = self.plane.store.tasks[started["taskArn"]]
        task.service, task.status = service.arn, status
        task.address = f"127.0.10.{len(self.plane.store.tasks)}"
        self.plane.signals.take()
        return task


def make_group(elb: Any, name: str, **members: Any) -> str:
    request = {
        "Name": name,
        "Protocol": "HTTP",
        "Port": 8080,
        "VpcId": "vpc-1",
        "TargetType": "ip",
        **members,
    }
    arn: str = elb.create_target_group(**request)["TargetGroups"][0]["TargetGroupArn"]
    return arn
