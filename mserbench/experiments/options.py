"""Which options a system is trained with, and with which it is asked, of all that an experiment
gives.
"""

from __future__ import annotations

from mserbench.experiments.shapes import Definition, Setting, Stage, System


def options_of(
    experiment: Definition, system: System, setting: Setting, stage: Stage | None = None
) -> dict[str, str]:
    """Return what a system is trained with in a setting: options of the preset over the setting's
    over its own.

    Of its last stage where none is given: the weights of that one are asked.
    """
    own = [stage] if stage else system.chain[-1:]
    layers = (
        experiment.options,
        {system.model: system.options},
        *({system.model: each.options} for each in own),
        setting.options,
        experiment.last_options,
    )

    return {key: value for layer in layers for key, value in layer.get(system.model, {}).items()}


def asked_of(experiment: Definition, system: System, setting: Setting) -> dict[str, str]:
    """Return what a system is run with in a setting: what it is asked with over what it is trained
    with.
    """
    return {**options_of(experiment, system, setting), **asked_with(experiment, system)}


def asked_with(experiment: Definition, system: System) -> dict[str, str]:
    """Return the options of a system's runs alone; here too those of preset and command line are
    the stronger.
    """
    last = experiment.last_options.get(system.model, {})
    return {key: last.get(key, value) for key, value in system.asked.items()}
