"""What to say while a deployment is followed."""

from collections.abc import Iterator

from chaos.following.ending import primary_of
from chaos.following.facts import Followed, Sight
from chaos.following.why import oldest_first
from chaos.target import revision_of


class Progress:
    """New service events as lines, and the state as one line; remembers what it has said."""

    def __init__(self, followed: Followed) -> None:
        self._followed = followed
        self._said: set[str] = set()

    def lines(self, sight: Sight) -> Iterator[str]:
        """Events since the deployment began that were not said yet, oldest first."""
        for event in oldest_first(sight.service.events):
            if event.id not in self._said and event.at_ms >= self._followed.since_ms:
                yield event.message
            self._said.add(event.id)

    def state(self, sight: Sight) -> str:
        """One line: what runs of which revision, and what was counted."""
        service, release = sight.service, sight.release_of(self._followed.deployment)
        mine = [t for t in sight.tasks if t.deployment == self._followed.deployment]
        running = sum(t.status == "RUNNING" and t.desired == "RUNNING" for t in mine)
        revision = revision_of(self._followed.task_definition)
        parts = [f"{revision}: {running} of {service.desired} run"]
        if (others := len(sight.tasks) - len(mine)) > 0:
            parts.append(f"{others} of others")
        primary = primary_of(sight)
        failed = release.failures if release else (primary.failed_tasks if primary else 0)
        if failed:
            limit = f" of {release.threshold}" if release and release.threshold else ""
            parts.append(f"{failed}{limit} failures")
        parts.append(release.status if release else (primary.rollout if primary else ""))
        return ", ".join(part for part in parts if part)
