"""`--plan`: what a drill would do, without doing it."""

from collections.abc import Sequence

from chaos.drill import Drill, Variant
from chaos.run import ServiceSetup
from chaos.target import Target, revision_of


def render_plan(drills: Sequence[Drill], variants: Sequence[Variant], target: Target) -> str:
    """What would be done to which services, without doing it."""
    place, setups = target.place, target.setups()
    lines = [
        f"target: {place.kind}, cluster {place.cluster}, {place.url}, time scale"
        f" {place.time_scale:g}",
        *(f"  service {_described(setup)}" for setup in setups),
    ]
    for drill in drills:
        for variant in variants:
            lines += ["", f"{drill.name} ({variant}): {drill.question}"]
            lines += _steps(drill, variant, setups)
    return "\n".join(lines)


def _described(setup: ServiceSetup) -> str:
    return (
        f"{setup.name}: {setup.desired_count} tasks of {revision_of(setup.task_definition)},"
        f" minimumHealthyPercent {setup.minimum_healthy_percent}"
    )


def _steps(drill: Drill, variant: Variant, setups: tuple[ServiceSetup, ...]) -> list[str]:
    offer = drill.offer
    acts = [line for act in drill.steps[variant] for line in act.plan(drill.subjects(setups))]
    texts = [
        "wait until all services are stable and probes are good",
        f"load: {offer.rate:g} requests per real second, at least {offer.arrivals}",
        *acts,
        "wait until settled, end the load, ask for every acknowledged order",
        f"undo: {drill.undo}",
        *(f"check: {check.name}" for check in drill.checks),
    ]
    return [f"  {number}. {text}" for number, text in enumerate(texts, start=1)]
