"""`python -m tests.federation.recorder`: writes config/upstreams/recorded anew, what the engine says to each platform.

Everybody in them is synthetic, and so are the secrets: they come from the seed of the tests. A private key of RSA is
left out; what it signed is checked with the public one.
"""

import asyncio
import json
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from idp.federation.model import UpstreamIdentity
from tests.province.catalogue import PLATFORMS
from tests.support.upstream import FOLDER, Call, Trip, somebody

EXCHANGES = FOLDER / "recorded"


async def recorded(name: str) -> dict[str, Any]:
    """A login of a person, and of somebody for a company, as they went over the wire."""
    trip = Trip(name)
    needs = PLATFORMS[name].needs
    secrets = {key: trip.secrets[key] for key, kind in needs.items() if kind != "rsa"}
    app = trip.world.apps[name]["district"]
    if "rsa" in needs.values():
        secrets["public_key"] = app.public_key(app.values)
    logins = []
    for kind, who in (("person", "zhangsan"), ("legal", "zhangsan@trade")):
        if kind not in PLATFORMS[name].kinds:
            continue
        trip.calls.clear()
        parameters = await trip.walked(who, kind)
        found = somebody(await trip.completed(parameters, kind))
        logins.append({
            "kind": kind, "authorize": trip.begin(kind), "callback": parameters, "identity": told(found),
            "calls": [_written(call) for call in trip.calls],
        })  # fmt: skip
    await trip.close()
    return {"profile": name, "at": trip.clock, "secrets": secrets, "logins": logins}


def told(found: UpstreamIdentity) -> dict[str, Any]:
    """Who came back, as JSON has it."""
    content = {**asdict(found), "token": None, "answer_digest": None}
    del content["human"]  # what the profile says, not the platform
    known: dict[str, Any] = json.loads(json.dumps(content))
    return known


def _written(call: Call) -> dict[str, Any]:
    parts = urlsplit(call.url)
    written: dict[str, Any] = {
        "method": call.method, "path": parts.path, "query": dict(parse_qsl(parts.query)),
        "headers": {name: value for name, value in call.headers.items() if name != "accept"},
    }  # fmt: skip
    if call.headers.get("content-type") == "application/json":
        written["json"] = json.loads(call.content)
    elif call.content:
        written["form"] = dict(parse_qsl(call.content.decode()))
    return {**written, "status": call.answer.status, "reply": json.loads(call.answer.body)}


async def main() -> None:
    """Write all of them."""
    EXCHANGES.mkdir(exist_ok=True)
    for name in PLATFORMS:
        text = json.dumps(await recorded(name), ensure_ascii=False, indent=1)
        (EXCHANGES / f"{name}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
