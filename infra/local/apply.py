"""Applies the settings file through the public API, as a user would: `python -m infra.local.apply`.

Idempotent: what exists is left, task definitions that differ get a new revision and the service
is updated. Prints nothing; ends with 0, or with 1 and one sentence on stderr.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import settings as settings_file
from infra.local.applygroups import SettingsGroups
from infra.local.securitygroups import DEFAULT_VPC
from infra.local.settings import Container, Service, Settings, TargetGroup, WrongSettingsError

CERTIFICATE = "arn:aws:acm:{region}:000000000000:certificate/00000000-0000-0000-0000-000000000000"


class Stack:
    """The stack of one settings file, behind one endpoint."""

    def __init__(self, settings: Settings, endpoint: str, scale: int) -> None:
        self._settings = settings
        self._scale = scale
        config = Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=20)
        key = os.environ.get("REHEARSE_ACCESS_KEY", "test")
        secret = os.environ.get("REHEARSE_SECRET_KEY", "test")
        session = boto3.Session(key, secret, region_name=settings.region)
        self._ecs: Any = session.client("ecs", endpoint_url=endpoint, config=config)
        self._elb: Any = session.client("elbv2", endpoint_url=endpoint, config=config)
        self._map: Any = session.client("servicediscovery", endpoint_url=endpoint, config=config)
        ec2 = session.client("ec2", endpoint_url=endpoint, config=config)
        self._groups = SettingsGroups(ec2, settings)

    def apply(self) -> None:
        """Make everything, callees before their callers."""
        self._groups.apply()
        self._map.create_http_namespace(Name=self._settings.namespace)
        self._ecs.create_cluster(
            clusterName=self._settings.name,
            tags=[{"key": "rehearse:time-scale", "value": str(self._scale)}],
            settings=[{"name": "containerInsights", "value": "enhanced"}],
            serviceConnectDefaults={"namespace": self._settings.namespace},
        )
        listeners = self._listeners(self._load_balancer())
        for name in self._settings.in_call_order():
            service = self._settings.services[name]
            group = None
            if service.target_group is not None:
                group = self._target_group(name, service, service.target_group)
                for listener in listeners:
                    self._rule(listener, service.target_group, group)
            self._service(name, service, group)

    def _load_balancer(self) -> str:
        made = self._elb.create_load_balancer(
            Name=self._settings.name,
            Subnets=self._subnets(),
            SecurityGroups=[self._groups.load_balancer],
        )
        arn: str = made["LoadBalancers"][0]["LoadBalancerArn"]
        balancer = self._settings.load_balancer
        attributes = {
            "idle_timeout.timeout_seconds": balancer.idle_timeout,
            "client_keep_alive.seconds": balancer.client_keep_alive,
            "routing.http.drop_invalid_header_fields.enabled": balancer.drop_invalid_header_fields,
            "zonal_shift.config.enabled": True,
        }
        self._elb.modify_load_balancer_attributes(
            LoadBalancerArn=arn, Attributes=_pairs(attributes)
        )
        return arn

    def _listeners(self, balancer: str) -> list[str]:
        """The listeners that forward; port 80 may redirect instead."""
        made = [self._listener(balancer, Protocol="HTTP", Port=80, DefaultActions=self._on_80())]
        if self._settings.load_balancer.https:
            certificate = CERTIFICATE.format(region=self._settings.region)
            made.append(
                self._listener(
                    balancer,
                    Protocol="HTTPS",
                    Port=443,
                    Certificates=[{"CertificateArn": certificate}],
                    SslPolicy="ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
                    DefaultActions=[_not_found()],
                )
            )
        return made[1:] if self._settings.load_balancer.http == "redirect" else made

    def _on_80(self) -> list[dict[str, Any]]:
        if self._settings.load_balancer.http == "forward":
            return [_not_found()]
        redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
        return [{"Type": "redirect", "RedirectConfig": redirect}]

    def _listener(self, balancer: str, **members: Any) -> str:  # noqa: ANN401 - boto3's own
        made = self._elb.create_listener(LoadBalancerArn=balancer, **members)
        arn: str = made["Listeners"][0]["ListenerArn"]
        return arn

    def _target_group(self, name: str, service: Service, group: TargetGroup) -> str:
        check = group.health_check
        made = self._elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=service.container_port,
            VpcId=DEFAULT_VPC,
            TargetType="ip",
            HealthCheckPath=check.path,
            HealthCheckIntervalSeconds=check.interval,
            HealthCheckTimeoutSeconds=check.timeout,
            HealthyThresholdCount=check.healthy_threshold,
            UnhealthyThresholdCount=check.unhealthy_threshold,
            Matcher={"HttpCode": check.matcher},
        )
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        attributes = {
            "deregistration_delay.timeout_seconds": group.deregistration_delay,
            "slow_start.duration_seconds": group.slow_start,
            "load_balancing.algorithm.type": group.algorithm,
        }
        self._elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=_pairs(attributes))
        return arn

    def _rule(self, listener: str, settings: TargetGroup, group: str) -> None:
        paths = {"Values": settings.path_patterns}
        self._elb.create_rule(
            ListenerArn=listener,
            Priority=settings.priority,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": paths}],
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
        )

    def _service(self, name: str, service: Service, group: str | None) -> None:
        wanted = task_definition(name, service, self._settings.region)
        definition = self._ecs.register_task_definition(**wanted)
        balancers = [
            {
                "targetGroupArn": group,
                "containerName": "app",
                "containerPort": service.container_port,
            }
        ]
        deployment = service.deployment
        zones = "ENABLED" if deployment.availability_zone_rebalancing else "DISABLED"
        self._ecs.create_service(
            cluster=self._settings.name,
            serviceName=name,
            taskDefinition=definition["taskDefinition"]["taskDefinitionArn"],
            desiredCount=service.desired_count,
            launchType="FARGATE",
            platformVersion="LATEST",
            deploymentConfiguration={
                "minimumHealthyPercent": deployment.minimum_healthy_percent,
                "maximumPercent": deployment.maximum_percent,
                "deploymentCircuitBreaker": deployment.circuit_breaker,
            },
            availabilityZoneRebalancing=zones,
            enableECSManagedTags=True,
            propagateTags="SERVICE",
            networkConfiguration=self._network(name),
            **({"loadBalancers": balancers} if group else {}),
            **(
                {"healthCheckGracePeriodSeconds": deployment.health_check_grace_period}
                if group
                else {}
            ),
            **self._service_connect(name, service),
        )

    def _network(self, name: str) -> dict[str, Any]:
        network = {
            "subnets": self._subnets(),
            "securityGroups": [self._groups.of_service(name)],
            "assignPublicIp": "DISABLED",
        }
        return {"awsvpcConfiguration": network}

    def _service_connect(self, name: str, service: Service) -> dict[str, Any]:
        if service.service_connect is None and not service.calls:
            return {}
        configuration: dict[str, Any] = {"enabled": True, "namespace": self._settings.namespace}
        if connect := service.service_connect:
            configuration["services"] = [
                {
                    "portName": "http",
                    "discoveryName": name,
                    "clientAliases": [{"dnsName": connect.dns_name, "port": connect.port}],
                    "timeout": {
                        "perRequestTimeoutSeconds": connect.per_request_timeout,
                        "idleTimeoutSeconds": connect.idle_timeout,
                    },
                }
            ]
        return {"serviceConnectConfiguration": configuration}

    def _subnets(self) -> list[str]:
        return [f"subnet-0private{zone[-1]}" for zone in self._settings.availability_zones]


def task_definition(name: str, service: Service, region: str) -> dict[str, Any]:
    """RegisterTaskDefinition's input for a service of the settings."""
    container: dict[str, Any] = {
        "name": "app",
        "image": service.image,
        "essential": True,
        "portMappings": [
            {"name": "http", "containerPort": service.container_port, "appProtocol": "http"}
        ],
        "environment": [{"name": k, "value": v} for k, v in service.environment.items()],
        "stopTimeout": service.stop_timeout,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"/ecs/{name}",
                "awslogs-region": region,
                "awslogs-stream-prefix": "ecs",
                "mode": "non-blocking",
                "max-buffer-size": "25m",
            },
        },
    }
    container |= _running(service.container)
    if check := service.container_health_check:
        container["healthCheck"] = {
            "command": check.command,
            "interval": check.interval,
            "timeout": check.timeout,
            "retries": check.retries,
            "startPeriod": check.start_period,
        }
    return {
        "family": name,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": str(service.cpu),
        "memory": str(service.memory),
        "containerDefinitions": [container],
    }


def _running(container: Container) -> dict[str, Any]:
    """Members that say how the container runs; what is left out is the image's own."""
    dropped = {"capabilities": {"drop": ["ALL"]}} if container.drop_capabilities else None
    found = {
        "readonlyRootFilesystem": container.read_only_root_filesystem,
        "user": container.user,
        "entryPoint": container.entry_point,
        "command": container.command,
        "linuxParameters": dropped,
    }
    return {name: value for name, value in found.items() if value is not None}


def _not_found() -> dict[str, Any]:
    answer = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no such path\n"}
    return {"Type": "fixed-response", "FixedResponseConfig": answer}


def _pairs(attributes: Mapping[str, object]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": str(value).lower()} for key, value in attributes.items()]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.apply")
    parser.add_argument("--settings", type=Path, default=settings_file.DEFAULT)
    parser.add_argument("--endpoint-url", required=True)
    parser.add_argument("--time-scale", type=int, required=True)
    options = parser.parse_args()
    try:
        settings = settings_file.load(options.settings)
        Stack(settings, options.endpoint_url, options.time_scale).apply()
    except (WrongSettingsError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - this program's only output
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
