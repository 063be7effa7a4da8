"""Deploying a revision so that the service goes back to its former one on any ending."""

from collections.abc import Sequence

from chaos.drill import Stage
from chaos.entries import RevisionMade
from chaos.run import ServiceSetup
from chaos.target import Network, Revision, ServiceChange, revision_of
from chaos.undo import Undo


def plan_deploy(setups: Sequence[ServiceSetup], revision: Revision) -> tuple[str, ...]:
    """What `deploy` would do to these services, a line each."""
    changes = "".join(f", {change}" for change in changes_of(revision))
    return tuple(
        f"RegisterTaskDefinition like {revision_of(setup.task_definition)} with another"
        f" REHEARSE_REVISION{changes}; UpdateService {setup.name}"
        for setup in setups
    )


def deploy(
    stage: Stage,
    setup: ServiceSetup,
    revision: Revision,
    networks: tuple[Network, Network] | None = None,
) -> None:
    """Register the revision and tell the service to use it; the undo puts the former one back.

    `networks` are the service's own and the one that the revision's tasks are to have.
    """
    former, network = networks or (None, None)
    made = stage.target.register_revision(setup.name, revision)
    stage.revisions[setup.name] = made
    _register_undo(stage, setup, former)
    changes = changes_of(revision)
    if network is not None:
        changes = (*changes, f"securityGroups {', '.join(network.security_groups)}")
    begin(stage, setup.name, made, changes, network)


def begin(
    stage: Stage,
    service: str,
    made: str,
    changes: tuple[str, ...] = (),
    network: Network | None = None,
) -> None:
    """Tell the service to use a registered revision, recorded right before."""
    stage.step("deploy", f"UpdateService {service} to {revision_of(made)}")
    now_ms = stage.clock.now_ms()
    stage.deployed_ms.setdefault(service, now_ms)
    stage.journal.write(
        RevisionMade(at_ms=now_ms, service=service, task_definition=made, changes=changes)
    )
    stage.record_definition(service, made)
    stage.target.update_service(service, ServiceChange(task_definition=made, network=network))


def _register_undo(stage: Stage, setup: ServiceSetup, network: Network | None) -> None:
    """UpdateService to the former revision: right in every state a deployment can be in.

    StopServiceDeployment is not used: it refuses a deployment that has failed or been stopped,
    which are the ones that most need this. A service that was rolled back is left alone.
    """

    former = ServiceChange(task_definition=setup.task_definition, network=network)
    text = f"{setup.name} back to {revision_of(setup.task_definition)}"
    follow = stage.follow(setup.name)
    stage.undo.register(Undo(text=text, service=setup.name, follow=follow, change=former))


def changes_of(revision: Revision) -> tuple[str, ...]:
    """The changes in words, for plans and the journal."""
    found = [f"{name}={value}" for name, value in sorted(revision.environment.items())]
    if revision.image_tag is not None:
        found.append(f"image tag {revision.image_tag}")
    if revision.entry_point is not None:
        found.append(f"entryPoint {list(revision.entry_point)}")
    if revision.command is not None:
        found.append(f"command {list(revision.command)}")
    if revision.stop_timeout is not None:
        found.append(f"stopTimeout {revision.stop_timeout}")
    return tuple(found)
