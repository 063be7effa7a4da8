"""How terraform is run on a plane: its words, and the environment that keeps it on this machine."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.local.terraform.errors import TerraformError
from infra.local.terraform.root import Root

PLUGINS = "TF_PLUGIN_DIR"  # a directory for `terraform init -plugin-dir`
LOADING = ("init", "get", "providers", "version")  # what may ask the registry; the rest may not
# Terraform says in its error what name could not be found
NOWHERE = "http://nothing-leaves-the-rehearsal.invalid"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
ATTEMPTS = "3"  # of a call; the provider's own 25 would take minutes to say that nobody answers
SCALE_TAG = "rehearse:time-scale"  # of the cluster: drills and loads read it there


@dataclass(frozen=True, slots=True)
class Terraform:
    """terraform on one root, against one plane."""

    root: Root
    endpoint: str
    region: str
    scale: int

    def init(self) -> list[str]:
        """The words that bring provider and modules: from TF_PLUGIN_DIR, or from the registry."""
        plugins = os.environ.get(PLUGINS)
        where = [f"-plugin-dir={os.path.abspath(plugins)}"] if plugins else []
        return ["terraform", "init", "-input=false", "-no-color", "-reconfigure", *where]

    def prepare(self) -> None:
        """Bring the root's links up to date."""
        self.root.prepare(take_lock=PLUGINS not in os.environ)

    def environment(self, command: str) -> dict[str, str]:
        """The environment of a terraform command: the plane's address and dummy keys.

        Nothing of the user's AWS configuration is in it, whatever the root's provider block says:
        profiles are not found, and calls to anywhere but this machine and the plane fail.
        """
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return {
            **kept,
            **_aws(self.endpoint, self.region, self.scale),
            **({} if command in LOADING else _closed(self.endpoint)),
            **({"TF_CLI_CONFIG_FILE": os.devnull} if PLUGINS in os.environ else {}),
            "TF_DATA_DIR": str(self.root.data),
        }


def check_installed() -> None:
    """Raises TerraformError when there is no terraform."""
    if shutil.which("terraform") is None:
        raise TerraformError(
            "terraform is not installed, or not on PATH",
            "install terraform 1.9 or newer, or leave out --terraform",
        )


def _aws(endpoint: str, region: str, scale: int) -> Mapping[str, str]:
    key = os.environ.get("REHEARSE_ACCESS_KEY") or "test"
    secret = os.environ.get("REHEARSE_SECRET_KEY") or "test"
    tags = {f"TF_AWS_DEFAULT_TAGS_{SCALE_TAG}": str(scale)} if scale > 1 else {}
    return {
        **tags,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": ATTEMPTS,
        # for roots whose provider block names endpoints and keys, as ours does
        "TF_VAR_aws_endpoint_url": endpoint,
        "TF_VAR_aws_access_key_id": key,
        "TF_VAR_aws_secret_access_key": secret,
    }


def _closed(endpoint: str) -> Mapping[str, str]:
    host = urlsplit(endpoint).hostname or ""
    within = f"127.0.0.1,localhost,{host}"
    return {**dict.fromkeys(PROXIES, NOWHERE), "NO_PROXY": within, "no_proxy": within}
