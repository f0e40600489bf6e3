"""`python -m tests.authorities --port N`: on loopback. AUTHORITY_APP_ID and AUTHORITY_SECRET say who may ask."""

import argparse
import os

import uvicorn

from tests.authorities.app import build
from tests.authorities.world import World


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m tests.authorities", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    world = World(os.environ.get("AUTHORITY_APP_ID", "demo"), os.environ["AUTHORITY_SECRET"])
    uvicorn.run(build(world), host="127.0.0.1", port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
