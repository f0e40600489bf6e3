"""`python -m tests.province --port N`: on loopback. PROVINCE_SEED keeps secrets the same from start to start."""

import argparse
import os

import uvicorn

from tests.province.app import build
from tests.province.world import World


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m tests.province", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--callback", action="append", help="a registered callback's beginning (default: loopback)"
    )
    options = parser.parse_args()
    world = World(url=f"http://127.0.0.1:{options.port}")
    world.seed = os.environ.get("PROVINCE_SEED", world.seed)
    world.callbacks = tuple(options.callback or world.callbacks)
    uvicorn.run(build(world), host="127.0.0.1", port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
