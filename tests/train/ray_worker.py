"""Does in one process what Ray spreads over two: the driver's reading of a recipe, and a worker.

Prints the keys that the worker has changed, as JSON, on the last line.
"""

import copy
import json
import sys


def main(recipe: str) -> None:
    from axolotl.cli.args import TrainerCliArgs
    from axolotl.cli.config import load_cfg
    from axolotl.cli.train import ray_train_func

    driver = load_cfg(recipe).to_dict()
    # what Ray hands to a worker, and what the worker leaves in its place
    handed = {"cfg": copy.deepcopy(driver), "cli_args": TrainerCliArgs()}
    print("the worker starts", file=sys.stderr, flush=True)
    ray_train_func(handed)
    worker = handed["cfg"].to_dict()
    changed = {key: worker[key] for key in worker if worker[key] != driver.get(key)}
    print(json.dumps(changed, default=str))


if __name__ == "__main__":
    main(sys.argv[1])
