"""Whose trainer a run uses: Axolotl takes the first that a plugin names, and only one."""

from typing import Any

from axolotl_replicate.termination import say
from dataset_tools.errors import InputError
from dataset_tools.recipe import lists_loss_plugin


def choose_trainer(cfg: Any, own: object) -> type | None:
    """Axolotl's trainer on whole steps, or None where another plugin brings one."""
    if lists_loss_plugin(cfg) or _plugin_with_trainer(cfg, own):
        return None
    from axolotl.core.trainers import AxolotlTrainer

    from axolotl_replicate.batches.trainer import on_whole_steps

    return on_whole_steps(AxolotlTrainer)


def check_trainer(cfg: Any, own: object) -> None:
    """Say what another plugin's trainer means; raises InputError where the data is packed."""
    other = None if lists_loss_plugin(cfg) else _plugin_with_trainer(cfg, own)
    if other is None:
        return
    if cfg.sample_packing:
        raise InputError(
            f"pack_sequences and plugins: {other} brings a trainer of its own, which would take "
            "packs for single records; remove one of the two"
        )
    say(
        f"axolotl-replicate: note: {other} brings a trainer of its own, by which micro_batch_size "
        "and the number of processes may change the result"
    )


def _plugin_with_trainer(cfg: Any, own: object) -> str | None:
    from axolotl.integrations.base import PluginManager

    plugins = PluginManager.get_instance().plugins
    return next(
        (
            name
            for name, plugin in plugins.items()
            if plugin is not own and plugin.get_trainer_cls(cfg) is not None
        ),
        None,
    )
