"""The parts of `up --terraform` that need no terraform: links, environment, progress, requests."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from infra.local.store import Listener, Rule, Store
from infra.local.terraform.answering import Request, requests
from infra.local.terraform.errors import NoRootError
from infra.local.terraform.progress import Progress
from infra.local.terraform.root import OVERRIDE, Root
from infra.local.terraform.running import NOWHERE, Terraform

ADDRESSES = {80: "http://127.0.0.1:8080", 443: "https://127.0.0.1:8443"}


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """A root in a repository, with a module beside it and traces of Terraform in it."""
    stack = tmp_path / "repository/stack"
    (stack / "envs/here/files").mkdir(parents=True)
    (stack / "modules/one").mkdir(parents=True)
    (tmp_path / "repository/.git").mkdir()
    (stack / "modules/one/main.tf").write_text("# one\n")
    here = stack / "envs/here"
    for name in ("main.tf", ".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup"):
        (here / name).write_text(f"# {name}\n")
    return Root(here, tmp_path / "state")


def test_what_lies_beside_the_root_is_where_it_was(root: Root) -> None:
    root.prepare(take_lock=True)
    assert (root.work / "main.tf").read_text() == "# main.tf\n"
    assert (root.work / "../../modules/one/main.tf").read_text() == "# one\n"
    assert (root.work / "files").is_dir()
    assert not (root.work / "../../../.git").exists()


def test_no_state_of_the_root_is_seen_and_its_lock_file_is_a_copy(root: Root) -> None:
    root.prepare(take_lock=True)
    names = {p.name for p in root.work.iterdir()}
    assert names == {"main.tf", "files", OVERRIDE, ".terraform.lock.hcl"}
    assert not (root.work / ".terraform.lock.hcl").is_symlink()
    assert 'backend "local"' in (root.work / OVERRIDE).read_text()


def test_a_plugin_directory_makes_the_lock_file_worthless(root: Root) -> None:
    root.prepare(take_lock=False)
    assert not (root.work / ".terraform.lock.hcl").exists()


def test_links_follow_what_is_added_and_removed_and_the_state_stays(root: Root) -> None:
    root.prepare(take_lock=True)
    (root.work / "terraform.tfstate").write_text("{}")
    (root.directory / "main.tf").rename(root.directory / "other.tf")
    root.prepare(take_lock=True)
    assert not (root.work / "main.tf").exists()
    assert (root.work / "other.tf").exists()
    assert (root.work / "terraform.tfstate").read_text() == "{}"
    root.forget()
    assert not root.work.exists()


def test_without_a_repository_links_go_up_to_the_top(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/main.tf.json").write_text("{}")
    (tmp_path / "beside").mkdir()
    root = Root(tmp_path / "root", tmp_path / "state")
    root.prepare(take_lock=True)
    depth = len(root.directory.parts) - 1
    assert (root.work / ("../" * depth) / "etc").resolve() == Path("/etc").resolve()
    assert (root.work / "../beside").exists()


def test_a_file_is_no_root(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("")
    with pytest.raises(NoRootError, match="is no directory"):
        Root(tmp_path / "main.tf", tmp_path)


def test_terraform_hears_nothing_of_the_users_account(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "theirs")
    run = Terraform(root, "http://127.0.0.1:4566", "eu-central-1", 1)
    environment = run.environment("apply")
    assert "theirs" not in environment.values()
    assert environment["AWS_ENDPOINT_URL"] == environment["TF_VAR_aws_endpoint_url"]
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    assert environment["HTTPS_PROXY"] == environment["http_proxy"] == NOWHERE
    assert "127.0.0.1" in environment["NO_PROXY"]
    assert "HTTPS_PROXY" not in {
        name for name, value in run.environment("init").items() if value == NOWHERE
    }


def test_the_time_scale_is_a_tag_of_what_is_made(root: Root) -> None:
    name = "TF_AWS_DEFAULT_TAGS_rehearse:time-scale"
    at = {scale: Terraform(root, "http://127.0.0.1:1", "r", scale) for scale in (1, 5)}
    assert name not in at[1].environment("apply")
    assert at[5].environment("apply")[name] == "5"


def test_progress_tells_what_is_waited_for_and_what_took_longest() -> None:
    progress = Progress()
    progress.take(_summary(add=3, remove=1))
    progress.take(_hook("apply_start", "aws_lb.this"))
    progress.take(_hook("apply_start", "aws_ecs_cluster.this"))
    progress.take(_hook("apply_complete", "aws_ecs_cluster.this", elapsed_seconds=10))
    progress.take("not JSON")
    progress.take('["no message"]')
    assert progress.told == "1 of 4 resources, aws_lb.this"
    progress.take(_hook("apply_complete", "aws_lb.this", elapsed_seconds=60))
    assert progress.slowest == (60, "aws_lb.this")
    assert progress.told == "2 of 4 resources"
    assert progress.errors == []


def test_an_error_becomes_one_sentence_with_its_place() -> None:
    progress = Progress()
    detail = "the deployment was\nrolled back."
    for where in ({"address": "aws_ecs_service.this"}, {"range": _range("main.tf", 7)}, {}):
        diagnostic = {"severity": "error", "summary": "It failed", "detail": detail, **where}
        progress.take(json.dumps({"type": "diagnostic", "diagnostic": diagnostic}))
    warning = {"severity": "warning", "summary": "Beware"}
    progress.take(json.dumps({"type": "diagnostic", "diagnostic": warning}))
    said = "It failed: the deployment was rolled back"
    assert progress.errors == [f"{said} (aws_ecs_service.this)", f"{said} (main.tf:7)", said]


def test_requests_meet_the_rules_that_forward() -> None:
    store = Store("eu-central-1", zones=("eu-central-1a",))
    rules = [
        _rule(20, _condition("path-pattern", "/b/*", "/b")),
        _rule(10, _condition("path-pattern", "/a?/*"), _condition("host-header", "*.example.com")),
        _rule(30, _condition("http-header", "x")),
        Rule("redirect", 5, [], [{"Type": "redirect", "RedirectConfig": {}}]),
        _rule(None),
    ]
    for port in (443, 80, 9000):
        store.listeners[str(port)] = Listener(str(port), "lb", port, "HTTP", rules)
    wanted = requests(store, ADDRESSES)
    base = ADDRESSES[80]
    first = Request(f"{base}/ax/", "x.example.com")
    assert wanted[:3] == [first, Request(f"{base}/b"), Request(f"{base}/")]
    assert [r.url.partition("/a")[0] for r in wanted[3:4]] == [ADDRESSES[443]]
    assert len(wanted) == 6


def _summary(**counts: int) -> str:
    changes = {"add": 0, "change": 0, "remove": 0, **counts, "operation": "plan"}
    return json.dumps({"type": "change_summary", "changes": changes})


def _hook(kind: str, address: str, **more: Any) -> str:
    return json.dumps({"type": kind, "hook": {"resource": {"addr": address}, **more}})


def _range(file: str, line: int) -> dict[str, Any]:
    return {"filename": file, "start": {"line": line}}


def _rule(priority: int | None, *conditions: dict[str, Any]) -> Rule:
    actions = [{"Type": "forward", "TargetGroupArn": "group"}]
    return Rule(str(priority), priority, list(conditions), actions)


def _condition(field: str, *values: str) -> dict[str, Any]:
    names = {"path-pattern": "PathPatternConfig", "host-header": "HostHeaderConfig"}
    return {"Field": field, names.get(field, "HttpHeaderConfig"): {"Values": list(values)}}
