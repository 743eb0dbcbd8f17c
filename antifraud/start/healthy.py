"""For container health checks: `python -m antifraud.start.healthy HOST [PART]` asks /readyz; standard library only.

Without PART the status decides (can the platform work?); with it the part of that name (did the relay progress?).
"""

from __future__ import annotations

import http.client
import json
import sys

PORT = 8000


def is_healthy(host: str, part: str = "", *, port: int = PORT) -> bool:
    """What /readyz of the web process at host:port says; no answer is a no."""
    link = http.client.HTTPConnection(host, port, timeout=5)
    try:
        # The name by which the containers reach each other is none that the platform serves to browsers.
        link.request("GET", "/readyz", headers={"Host": "127.0.0.1"})
        answer = link.getresponse()
        body = json.loads(answer.read(100_000))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        link.close()
    if not part:
        return answer.status == 200
    return bool(body.get("parts", {}).get(part, {}).get("ok"))


if __name__ == "__main__":
    sys.exit(0 if is_healthy(sys.argv[1], *sys.argv[2:3]) else 1)
