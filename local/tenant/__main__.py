"""Starts the simulated tenant: python -m local.tenant --port 7072 --data .docket."""

import argparse
from pathlib import Path

from local.tenant.core import Tenant, TenantConfig
from local.tenant.server import bind, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.tenant", description=__doc__)
    parser.add_argument("--port", type=int, default=7072, help="0 takes a free port")
    parser.add_argument("--data", type=Path, help="folder for the state; without it in memory")
    parser.add_argument("--host-url", default="http://127.0.0.1:7071", help="where webhooks go")
    parser.add_argument("--clock-url", default="", help="the host with the timers, if another")
    parser.add_argument("--desks", type=Path, default=Path("desks"))
    options = parser.parse_args()
    sock = bind(options.port)
    base_url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    tenant = Tenant(
        TenantConfig(
            base_url=base_url,
            host_url=options.host_url.rstrip("/"),
            clock_url=options.clock_url.rstrip("/"),
            data=options.data,
            desks=options.desks,
        )
    )
    print(f"Tenant at {base_url}", flush=True)
    serve(tenant, sock)


main()
