"""One story of a service, told to AWS's API alone: what every runtime must do alike."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.compose.recorder import Recorder
from tests.plane.up import Up, wait_for

CLUSTER, SERVICE = "acceptance", "orders"
SUBNETS = ["subnet-0privatea", "subnet-0privateb"]
SETTLED_S = 90.0
QUIET_S = 1.0
GOOD = "order-api:1"
# it listens late, so that its target is `initial` until the second check
ENVIRONMENT = {"DRAIN_SECONDS": "5", "FAULTS": "allow", "FAULT_START_DELAY_SECONDS": "6"}
BAD = "order-api:there-is-no-such-tag"


class Story:
    """Everything through boto3, against one plane; `chapters` is what was seen, by name."""

    def __init__(self, plane: Up, listener_port: int) -> None:
        self.ecs, self.elb, self.ec2 = (plane.client(n) for n in ("ecs", "elbv2", "ec2"))
        self.url = f"http://127.0.0.1:{listener_port}"
        self.port = listener_port
        self.chapters: dict[str, Any] = {}
        self.group = self.balancer = ""
        self._newest = ("", 0.0)

    def tell(self) -> dict[str, Any]:
        """The whole story; what each of its chapters showed."""
        self._prepare()
        self._chapter("create", self._create)
        self._chapter("a good revision", lambda: self._update(self._register(GOOD, note="2")))
        self._chapter("a missing image", self._break)
        self._chapter("StopTask", self._stop_one)
        self._chapter("scale out", lambda: self._scale(3))
        self._chapter("scale in", lambda: self._scale(1))
        self._chapter("delete", self._delete)
        self._clear()
        return self.chapters

    def _chapter(self, name: str, act: Callable[[], None]) -> None:
        with Recorder(self.ecs, self.elb, CLUSTER, SERVICE, self.group) as recorder:
            act()
        self.chapters[name] = recorder.seen

    def _prepare(self) -> None:
        self.ecs.create_cluster(clusterName=CLUSTER)
        vpc = self.ec2.describe_security_groups()["SecurityGroups"][0]["VpcId"]
        groups = {}
        for name in ("balancer", "tasks"):
            made = self.ec2.create_security_group(
                GroupName=f"{CLUSTER}-{name}", Description=name, VpcId=vpc
            )
            groups[name] = made["GroupId"]
        anywhere = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        peers = {"UserIdGroupPairs": [{"GroupId": groups["balancer"]}]}
        self._permit(groups["balancer"], self.port, anywhere)
        self._permit(groups["tasks"], 8080, peers)
        self.network = {"subnets": SUBNETS, "securityGroups": [groups["tasks"]]}
        self.group = self.elb.create_target_group(
            Name=SERVICE, Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip",
            HealthCheckPath="/healthz", HealthCheckIntervalSeconds=10,
            HealthCheckTimeoutSeconds=8, HealthyThresholdCount=2, UnhealthyThresholdCount=10,
        )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "15"}
        self.elb.modify_target_group_attributes(TargetGroupArn=self.group, Attributes=[delay])
        made = self.elb.create_load_balancer(
            Name=CLUSTER, Subnets=SUBNETS, SecurityGroups=[groups["balancer"]]
        )
        self.balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
        self.elb.create_listener(
            LoadBalancerArn=self.balancer,
            Protocol="HTTP",
            Port=self.port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.group}],
        )

    def _permit(self, group: str, port: int, peer: dict[str, Any]) -> None:
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])

    def _register(self, image: str, note: str = "1") -> str:
        container = {
            "name": "app",
            "image": image,
            "portMappings": [{"containerPort": 8080}],
            "environment": [
                {"name": k, "value": v} for k, v in (ENVIRONMENT | {"NOTE": note}).items()
            ],
            "readonlyRootFilesystem": True,
            "stopTimeout": 30,
        }
        made = self.ecs.register_task_definition(
            family=SERVICE, requiresCompatibilities=["FARGATE"], networkMode="awsvpc",
            cpu="256", memory="512", containerDefinitions=[container],
        )  # fmt: skip
        arn: str = made["taskDefinition"]["taskDefinitionArn"]
        return arn

    def _create(self) -> None:
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=SERVICE,
            taskDefinition=self._register(GOOD),
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": self.network},
            loadBalancers=[
                {"targetGroupArn": self.group, "containerName": "app", "containerPort": 8080}
            ],
            healthCheckGracePeriodSeconds=60,
            deploymentConfiguration={
                "minimumHealthyPercent": 100,
                "maximumPercent": 200,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            },
        )
        self._settle(1)

    def _update(self, definition: str) -> None:
        (old,) = self._tasks()
        self.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=definition)
        self._settle(1)
        assert old not in self._tasks()
        assert self._service()["taskDefinition"] == definition

    def _break(self) -> None:
        before, good = self._tasks(), self._service()["taskDefinition"]
        bad = self._register(BAD)
        self.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=bad)
        wait_for(lambda: self._release()["status"] == "ROLLBACK_SUCCESSFUL", SETTLED_S)
        reason = self._release()["statusReason"]
        assert reason == (
            "Service deployment rolled back because the circuit breaker threshold was exceeded."
        )
        self._settle(1)
        assert self._tasks() == before
        assert self._service()["taskDefinition"] == good

    def _stop_one(self) -> None:
        (old,) = self._tasks()
        self.ecs.stop_task(cluster=CLUSTER, task=old, reason="the story says so")
        wait_for(lambda: old not in self._tasks(), SETTLED_S)
        self._settle(1)

    def _scale(self, count: int) -> None:
        self.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=count)
        self._settle(count)

    def _delete(self) -> None:
        self.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
        wait_for(lambda: self._service()["status"] == "INACTIVE", SETTLED_S)
        wait_for(lambda: not self._healths() and self._all_over(), SETTLED_S)

    def _clear(self) -> None:
        self.elb.delete_load_balancer(LoadBalancerArn=self.balancer)
        self.elb.delete_target_group(TargetGroupArn=self.group)
        self.ecs.delete_cluster(cluster=CLUSTER)

    def _settle(self, count: int) -> None:
        """Steady, all healthy, every old task over; then a request is answered by one of them."""
        waiter = self.ecs.get_waiter("services_stable")
        limits = {"Delay": 1, "MaxAttempts": int(SETTLED_S)}
        waiter.wait(cluster=CLUSTER, services=[SERVICE], WaiterConfig=limits)
        wait_for(lambda: self._healths() == ["healthy"] * count, SETTLED_S)
        wait_for(self._is_completed, SETTLED_S)
        wait_for(lambda: self._all_over(running=count), SETTLED_S)
        wait_for(self._is_quiet, SETTLED_S)
        answer = httpx.get(f"{self.url}/orders", timeout=10)
        assert answer.status_code == 200
        assert answer.headers["x-task-id"] in {t.rpartition("/")[2] for t in self._tasks()}

    def _is_completed(self) -> bool:
        return [d["rolloutState"] for d in self._service()["deployments"]] == ["COMPLETED"]

    def _is_quiet(self) -> bool:
        """Whether the newest event is known for longer than anything is put off."""
        newest, now = self._service()["events"][0]["id"], time.monotonic()
        if newest != self._newest[0]:
            self._newest = newest, now
        return now - self._newest[1] > QUIET_S

    def _service(self) -> dict[str, Any]:
        found = self.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])
        service: dict[str, Any] = found["services"][0]
        return service

    def _release(self) -> dict[str, Any]:
        newest: dict[str, Any] = self.ecs.describe_service_deployments(
            serviceDeploymentArns=[
                self.ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE)[
                    "serviceDeployments"
                ][0]["serviceDeploymentArn"]
            ]
        )["serviceDeployments"][0]
        return newest

    def _tasks(self) -> set[str]:
        return set(self.ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"])

    def _all_over(self, running: int = 0) -> bool:
        """Every task that is to stop has stopped."""
        stopped = self.ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
        if len(self._tasks()) != running or not stopped:
            return len(self._tasks()) == running
        found = self.ecs.describe_tasks(cluster=CLUSTER, tasks=stopped)["tasks"]
        return {t["lastStatus"] for t in found} == {"STOPPED"}

    def _healths(self) -> list[str]:
        health = self.elb.describe_target_health(TargetGroupArn=self.group)
        return [e["TargetHealth"]["State"] for e in health["TargetHealthDescriptions"]]
