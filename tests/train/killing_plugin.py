"""An Axolotl plugin that ends the process as the kernel does when memory is short."""

import os
import signal
from typing import Any

from axolotl.integrations.base import BasePlugin
from transformers import TrainerCallback

KILLED_AFTER_STEP = 3


class KillingPlugin(BasePlugin):
    def add_callbacks_pre_trainer(self, cfg: Any, model: Any) -> list[TrainerCallback]:
        return [_KillingCallback()]


class _KillingCallback(TrainerCallback):
    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == KILLED_AFTER_STEP:
            os.kill(os.getpid(), signal.SIGKILL)
