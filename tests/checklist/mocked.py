"""Mocked applies: Terraform's own evaluation of HCL, with a provider that makes nothing.

https://developer.hashicorp.com/terraform/language/tests/mocking
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HCL = Path(__file__).with_name("hcl")
PLUGINS = "TF_PLUGIN_DIR"
PROVIDER = "registry.terraform.io/hashicorp/aws"
PLACES = ("/opt", "/usr/share/terraform", "/usr/local/share/terraform", "~/.terraform.d")
LIMIT_S = 240
ELB = "arn:aws:elasticloadbalancing:eu-central-1:123456789012"

Document = dict[str, Any]


class AbsentError(Exception):
    """Terraform or its AWS provider is not here; the text says which."""


def cases() -> dict[str, dict[str, dict[str, Any]]]:
    """The cases of cases.json: groups that share one stack, in each what every rule's case changes.

    Together because a mocked stack takes a second; the changes of a group touch different things.
    """
    found: dict[str, dict[str, dict[str, Any]]] = json.loads((HCL / "cases.json").read_text())
    return found


def changes() -> dict[str, dict[str, Any]]:
    """What each stack changes: those of its group together. `good` changes nothing."""
    merged: dict[str, dict[str, Any]] = {"good": {}}
    for group, rules in cases().items():
        names = [name for change in rules.values() for name in change]
        assert len(names) == len(set(names)), f"{group}: two cases change the same thing"
        merged[group] = {name: value for change in rules.values() for name, value in change.items()}
    return merged


def stack_states(folder: Path) -> dict[str, Document]:
    """The state of each stack of `changes`, by name."""
    shutil.copytree(HCL, folder / "hcl")
    wanted = changes()
    document = apply(folder / "hcl", _overrides(wanted), {"cases": wanted})
    return {
        module["address"].split('"')[1]: {"root_module": {"child_modules": [module]}}
        for module in document["root_module"]["child_modules"]
    }


def article_state(folder: Path) -> Document:
    """The state of the article's HCL, its two missing security groups stubbed."""
    shutil.copytree(HCL / "article", folder / "article")
    document = apply(folder / "article", ARTICLE_OVERRIDES, {})
    return {"root_module": document["root_module"]}


def apply(
    folder: Path, overrides: Mapping[str, Mapping[str, str]], variables: Document
) -> Document:
    """Apply the root module in the folder with a mocked provider; its test's state."""
    lines = ['mock_provider "aws" {}']
    for target, values in overrides.items():
        pairs = "\n".join(f"    {name} = {json.dumps(value)}" for name, value in values.items())
        lines.append(f"override_resource {{\n  target = {target}\n  values = {{\n{pairs}\n  }}\n}}")
    (folder / "variables.json").write_text(json.dumps(variables))
    given = "\n".join(
        f'    {name} = jsondecode(file("variables.json")).{name}' for name in variables
    )
    lines.append(f'run "applied" {{\n  command = apply\n  variables {{\n{given}\n  }}\n}}')
    (folder / "mocked.tftest.hcl").write_text("\n".join(lines))
    initialise(folder)
    done = terraform(folder, "test", "-json", "-verbose", "-filter=mocked.tftest.hcl")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    told = [m["diagnostic"] for m in messages if m["type"] == "diagnostic"]
    assert done.returncode == 0, told
    (found,) = (m["test_state"] for m in messages if m["type"] == "test_state")
    state: Document = found
    return state


def initialise(folder: Path) -> None:
    """`terraform init` with the unpacked provider. Raises AbsentError where there is none."""
    if shutil.which("terraform") is None:
        raise AbsentError("terraform is not installed")
    plugins = _plugins()
    done = terraform(folder, "init", *([f"-plugin-dir={plugins}"] if plugins else []))
    if done.returncode:
        raise AbsentError(f"terraform init found no provider {PROVIDER}; set {PLUGINS}")


def terraform(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run terraform there, with no configuration but the folder's."""
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    return subprocess.run(
        ["terraform", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def _plugins() -> str | None:
    """Where an unpacked provider is: the variable, or the usual places."""
    if os.environ.get(PLUGINS):
        return os.environ[PLUGINS]
    for place in PLACES:
        for found in sorted(Path(place).expanduser().glob(f"*/{PROVIDER}")):
            return str(found.parents[2])
    return None


def _overrides(wanted: Mapping[str, Document]) -> dict[str, dict[str, str]]:
    """ARNs that the provider parses must look like some, and be another for each instance."""
    return {
        f'module.case["{name}"].{address}': values
        for name, change in wanted.items()
        for address, values in _overridden(name, change)
    }


def _overridden(name: str, change: Document) -> Iterator[tuple[str, dict[str, str]]]:
    for balancer, kind in (("this", "app"), ("static", "net")):
        yield f"aws_lb.{balancer}", {"arn": f"{ELB}:loadbalancer/{kind}/{name}/{balancer}"}
    stray = ["stray"] if change.get("rule_target") == "stray" else []
    for group in ["order", "inventory", *stray]:
        arn = f"{ELB}:targetgroup/{name}-{group}/0"
        yield f'aws_lb_target_group.this["{group}"]', {"arn": arn}
    for listener in ("https", "http"):
        yield f"aws_lb_listener.{listener}", {"arn": f"{ELB}:listener/app/{name}/{listener}"}
    for role in ("execution", "task"):
        arn = f"arn:aws:iam::123456789012:role/{name}-{role}"
        yield f'aws_iam_role.this["{role}"]', {"arn": arn}
    url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/order-api"
    yield "aws_ecr_repository.order", {"repository_url": url}


ARTICLE_OVERRIDES = {
    "aws_lb.app": {"arn": f"{ELB}:loadbalancer/app/prod-alb/0"},
    "aws_lb.internal": {"arn": f"{ELB}:loadbalancer/net/prod-nlb/0"},
    "aws_lb_target_group.app": {"arn": f"{ELB}:targetgroup/prod-app/0"},
    "aws_lb_target_group.nlb_app": {"arn": f"{ELB}:targetgroup/nlb-app/0"},
    "aws_lb_listener.https": {"arn": f"{ELB}:listener/app/prod-alb/0/443"},
    "aws_lb_listener.http_redirect": {"arn": f"{ELB}:listener/app/prod-alb/0/80"},
}
