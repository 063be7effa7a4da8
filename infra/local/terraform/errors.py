"""What keeps a root from being applied.

NoRootError       the directory is none: the caller is wrong
TerraformError    terraform, its provider or the configuration failed: the world is
"""


class NoRootError(Exception):
    """A directory that Terraform has nothing to do with; the message names it and the remedy."""


class TerraformError(Exception):
    """Terraform cannot run, or did not end well. `hint` says what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
