"""One call that the API refuses, with AWS's code and what its text says."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.api.scene import Scene


@dataclass(frozen=True, slots=True)
class Refusal:
    """`text` is part of the message. `$words` in the parameters are the scene's names."""

    sentence: str
    service: str
    operation: str
    code: str
    text: str
    params: dict[str, Any] = field(default_factory=dict)

    def fault(self, scene: Scene) -> str | None:
        """What is wrong with the plane's answer; None if it refuses so and remembers nothing."""
        before = scene.records()
        try:
            answer = scene.call(self.service, self.operation, **self.params)
        except ClientError as raised:
            error = raised.response["Error"]
        else:
            return f"it was not refused: {answer}"
        if error["Code"] != self.code:
            return f"{error['Code']} instead of {self.code}: {error['Message']}"
        if self.text not in error["Message"]:
            return f"{self.text!r} is not in {error['Message']!r}"
        return None if scene.records() == before else "the refused call left something behind"


def table(
    service: str, operation: str, rows: dict[str, tuple[str, str, dict[str, Any]]], /, **common: Any
) -> list[Refusal]:
    """Refusals of one operation: sentence -> (code, text, parameters besides the common ones)."""
    return [
        Refusal(sentence, service, operation, code, text, {**common, **params})
        for sentence, (code, text, params) in rows.items()
    ]
