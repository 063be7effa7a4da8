"""The two worlds of a settings file: Terraform's state, and what boto3 reads of a plane."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from infra.checklist.asking import Account
from infra.checklist.documents import Kind, load
from infra.checklist.live import facts_of as live_facts
from infra.checklist.terraform import facts_of as state_facts
from infra.local import settings as settings_file
from infra.local.apply import Stack
from infra.local.store import Store
from tests.api.plane import Plane, Switch
from tests.checklist.mocked import ELB, apply
from tests.parity.plain import Plain, plain
from tests.terraform.workspace import copy

Settings = dict[str, Any]

ROOT = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

module "case" {
  source   = "./infra/terraform/envs/local"
  for_each = jsondecode(file("cases.json"))

  name               = each.value.name
  region             = each.value.region
  availability_zones = each.value.availability_zones
  namespace          = each.value.namespace
  load_balancer      = each.value.load_balancer
  services           = each.value.services
}
"""
TIERS = ("first", "second", "third")


def planned(cases: Mapping[str, Settings], folder: Path) -> dict[str, Plain]:
    """The facts of a mocked apply of envs/local for each settings file. Needs terraform."""
    without_provider(copy(folder).terraform / "envs/local/main.tf")
    (folder / "main.tf").write_text(ROOT)
    (folder / "cases.json").write_text(json.dumps(cases))
    overrides: dict[str, Mapping[str, str]] = {}
    for name, settings in cases.items():
        overrides |= overridden(name, settings)
    state = apply(folder, overrides, {})
    return {
        module["address"].split('"')[1]: of_state({"root_module": module}, folder)
        for module in state["root_module"]["child_modules"]
    }


def without_provider(path: Path) -> None:
    """A module that is used for each case cannot have a provider of its own."""
    text = path.read_text()
    start = text.index('provider "aws" {')
    end = text.index("\n}\n", start) + 3
    path.write_text(text[:start] + text[end:])


def overridden(case: str, settings: Settings) -> dict[str, Mapping[str, str]]:
    """ARNs that the provider parses, and that must not be another resource's."""
    at = f'module.case["{case}"].module'
    found = {
        f"{at}.cluster.aws_ecs_cluster.this": f"arn:aws:ecs:eu-central-1:1:cluster/{case}",
        f"{at}.cluster.aws_service_discovery_http_namespace.this":
            f"arn:aws:servicediscovery:eu-central-1:123456789012:namespace/ns-{case}",
        f"{at}.edge.aws_lb.this": f"{ELB}:loadbalancer/app/{case}/0",
        f"{at}.edge.aws_lb_listener.http[0]": f"{ELB}:listener/app/{case}/0/80",
        f"{at}.edge.aws_lb_listener.https[0]": f"{ELB}:listener/app/{case}/0/443",
    }  # fmt: skip
    for tier in TIERS:
        for name in settings["services"]:
            address = f'{at}.service_{tier}["{name}"].aws_lb_target_group.this[0]'
            found[address] = f"{ELB}:targetgroup/{case}-{name}/0"
    return {address: {"arn": arn} for address, arn in found.items()}


def of_state(document: Mapping[str, Any], folder: Path) -> Plain:
    path = folder / "state.json"
    path.write_text(json.dumps(document))
    return plain(state_facts(load(path, Kind.STATE), "state"))


def running(settings: Settings, switch: Switch, url: str, folder: Path) -> Plain:
    """The facts that boto3 reads of a plane's API to which `up` has applied the settings."""
    switch.app = Plane(url, store=Store(settings["region"])).app()
    path = folder / "settings.json"
    path.write_text(json.dumps(settings))
    Stack(settings_file.load(path), url, 20).apply()
    return of_endpoint(url)


def of_endpoint(url: str) -> Plain:
    return plain(live_facts(_account(url)))


@cache
def _account(url: str) -> Account:
    """One for all calls: making clients costs more than asking."""
    return Account(boto3.Session("test", "test", region_name="eu-central-1"), url)
