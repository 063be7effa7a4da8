"""What must hold of a stack: pure functions of a state's resources, each a list of problems."""

import json
import re
from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]
Settings = dict[str, Any]

SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|CREDENTIAL|API_KEY|PRIVATE_KEY")
URL_WITH_PASSWORD = re.compile(r"://[^/@]*:[^/@]*@")


def of_type(state: list[Resource], kind: str) -> Iterator[dict[str, Any]]:
    """The values of the resources of a type."""
    return (r["values"] for r in state if r["type"] == f"aws_{kind}" and r["mode"] == "managed")


def services(state: list[Resource]) -> dict[str, dict[str, Any]]:
    return {s["name"]: s for s in of_type(state, "ecs_service")}


def group_of(state: list[Resource], service: str) -> str:
    (group,) = services(state)[service]["network_configuration"][0]["security_groups"]
    return str(group)


def balancer(state: list[Resource]) -> dict[str, Any]:
    return next(lb for lb in of_type(state, "lb") if lb["load_balancer_type"] == "application")


def containers(state: list[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
    for definition in of_type(state, "ecs_task_definition"):
        for container in json.loads(definition["container_definitions"]):
            yield definition["family"], container


def _lets(state: list[Resource], way: str, own: str, peer: str, port: int) -> bool:
    return any(
        rule["security_group_id"] == own
        and rule["referenced_security_group_id"] == peer
        and rule["from_port"] <= port <= rule["to_port"]
        for rule in of_type(state, f"vpc_security_group_{way}_rule")
    )


def _link(state: list[Resource], caller: str, callee: str, port: int, name: str) -> list[str]:
    sides = {"egress": (caller, callee), "ingress": (callee, caller)}
    return [
        f"{name}: no {way} for {port}"
        for way, (own, peer) in sides.items()
        if not _lets(state, way, own, peer, port)
    ]


def broken_chains(state: list[Resource], settings: Settings) -> list[str]:
    """Links of load balancer to target, and of caller to callee, without one of their two rules."""
    (alb,) = balancer(state)["security_groups"]
    problems: list[str] = []
    for name, service in settings["services"].items():
        port = service["container_port"]
        own = group_of(state, name)
        if service["target_group"]:
            problems += _link(state, alb, own, port, f"load balancer to {name}")
        for callee in service["calls"]:
            there = settings["services"][callee]["container_port"]
            problems += _link(state, own, group_of(state, callee), there, f"{name} to {callee}")
    return problems


def open_tasks(state: list[Resource]) -> list[str]:
    """Ingress rules of tasks that let in addresses instead of a group."""
    tasks = {group_of(state, name): name for name in services(state)}
    return [
        f"{tasks[rule['security_group_id']]} lets in {rule['cidr_ipv4'] or rule['cidr_ipv6']}"
        for rule in of_type(state, "vpc_security_group_ingress_rule")
        if rule["security_group_id"] in tasks and not rule["referenced_security_group_id"]
    ]


def unreached_endpoints(state: list[Resource]) -> list[str]:
    """Services, load generators too, that an interface endpoint does not let in on 443."""
    groups = {g for e in of_type(state, "vpc_endpoint") for g in e["security_group_ids"] or ()}
    return [
        f"{name} to endpoints: no ingress for 443"
        for name in services(state)
        for group in sorted(groups)
        if not _lets(state, "ingress", group, group_of(state, name), 443)
    ]


def lonely_zones(state: list[Resource], settings: Settings) -> list[str]:
    """Zones with tasks that do not leave by a NAT gateway in the zone."""
    zone_of = {s["id"]: s["availability_zone"] for s in of_type(state, "subnet")}
    gateway_zone = {g["id"]: zone_of[g["subnet_id"]] for g in of_type(state, "nat_gateway")}
    way_out = {
        r["route_table_id"]: gateway_zone[r["nat_gateway_id"]]
        for r in of_type(state, "route")
        if r["nat_gateway_id"] in gateway_zone and r["destination_cidr_block"] == "0.0.0.0/0"
    }
    table_of = {
        a["subnet_id"]: a["route_table_id"] for a in of_type(state, "route_table_association")
    }
    used = [s["network_configuration"][0]["subnets"] for s in services(state).values()]
    subnets = {subnet for subnets in used for subnet in subnets}
    bad = {zone_of[s] for s in subnets if way_out.get(table_of[s]) != zone_of[s]}
    missing = set(settings["availability_zones"]) - {zone_of[s] for s in subnets}
    return sorted(bad | missing)


def breakers_off(state: list[Resource]) -> list[str]:
    """Services without circuit breaker and rollback."""
    return sorted(
        name
        for name, service in services(state).items()
        if [(b["enable"], b["rollback"]) for b in service["deployment_circuit_breaker"]]
        != [(True, True)]
    )


def shown_secrets(state: list[Resource]) -> list[str]:
    """Environment variables that look like secrets."""
    return [
        f"{family}: {entry['name']}"
        for family, container in containers(state)
        for entry in container.get("environment", ())
        if SECRET.search(entry["name"].upper()) or URL_WITH_PASSWORD.search(entry["value"])
    ]


def short_keep_alives(state: list[Resource]) -> list[str]:
    """Balanced applications that close idle connections before the load balancer does."""
    idle = balancer(state)["idle_timeout"]
    balanced = {name for name, s in services(state).items() if s["load_balancer"]}
    kept = {
        family: float(entry["value"])
        for family, container in containers(state)
        for entry in container.get("environment", ())
        if entry["name"] == "KEEP_ALIVE_SECONDS"
    }
    return sorted(f"{name}: {kept.get(name)}" for name in balanced if kept.get(name, 0) <= idle)
