"""`make run`: from a fresh clone to a running platform with its address on screen, until ctrl-C."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from antifraud import embedded
from antifraud.start import assets, environment, ports, supervisor
from antifraud.start.children import last_words
from antifraud.start.environment import HOST
from antifraud.start.faults import StartError
from antifraud.start.steps import MANAGE, PACKAGES, PROJECT, Stamp, digest, run, say

READY_SECONDS = 90
GRACE_SECONDS = 8


def platform() -> int:
    """Start everything, wait for ctrl-C (or SIGTERM, SIGHUP), stop everything; returns the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Whoever started us by nohup wants the loss of the terminal ignored.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)
    data = environment.data_folder()
    servers = start_servers(data)
    try:
        web, live = choose_ports()
        env = environment.for_development(data, servers, web, live)
        set_up(data, env, own_database=bool(servers.app_url))
        serve(data, servers, env, web, live)
    except KeyboardInterrupt:
        return 0
    finally:
        # A second ctrl-C must not cut the stopping short.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        servers.stop()
        say("  stopped; the data is kept.")


def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Being told to end or losing the terminal is the same as ctrl-C."""
    raise KeyboardInterrupt


def start_servers(data: Path) -> embedded.Servers:
    """The embedded servers for whatever no URL is set; may be none (the folder is taken all the same)."""
    database, broker = environment.is_set("DATABASE_URL"), environment.is_set("REDIS_URL")
    begin = time.monotonic()
    servers = embedded.ensure(data, want_postgres=not database, want_redis=not broker)
    started = " and ".join(engine.name for engine in servers.engines)
    if started:
        say(f"  starting {started} in {data}: {time.monotonic() - begin:.1f} s")
    return servers


def choose_ports() -> tuple[int, int]:
    """Ports for pages and event stream: the wanted ones, or the next free ones and a sentence about it."""
    wanted_web = environment.wanted_port("ANTIFRAUD_PORT", 8000)
    web = ports.first_free(wanted_web)
    wanted_live = environment.wanted_port("ANTIFRAUD_LIVE_PORT", web + 1)
    live = ports.first_free(wanted_live, taken=[web])
    for what, wanted, chosen in (("The pages", wanted_web, web), ("The event stream", wanted_live, live)):
        if wanted != chosen:
            say(f"  Port {wanted} is in use by another programme. {what} will be on port {chosen}.")
    return web, live


def set_up(data: Path, env: dict[str, str], *, own_database: bool) -> None:
    """Everything that must be true before the processes start; what is already true is skipped."""
    assets.install_packages(env)
    assets.compile_catalogues(env)
    assets.collect_static(data, env)
    key_file = Path(env["ANTIFRAUD_KEY_FILE"])
    if not key_file.exists():
        run("making the key ring", [*MANAGE, "keys_init", str(key_file)], env)
    fill_database(data, env, own=own_database)


def fill_database(data: Path, env: dict[str, str], *, own: bool) -> None:
    """Tables, reference data and demo data; a database of ours is left alone while neither code nor it changed."""
    identity = str((data / "postgres" / "PG_VERSION").stat().st_mtime_ns) if own else ""
    unlimited = env | {"ANTIFRAUD_STATEMENT_TIMEOUT_MS": "0"}
    code = digest([PROJECT / name for name in (*PACKAGES, "requirements/base.txt")], without=".pyc")
    tables = Stamp(data / "tables.stamp", code + identity)
    if not (own and tables.is_fresh()):
        run("migrating the database", [*MANAGE, "migrate", "--no-input", "-v1"], environment.for_owner(env))
        run("laying the reference data", [*MANAGE, "lay_foundation"], unlimited)
        tables.set()
    demo = Stamp(data / "demo.stamp", identity)
    if not (own and demo.is_fresh()):
        # Only the owner's role may say what a database is for; one that is not new is left as it is.
        drill = [*MANAGE, "clock_mode", "drill", "--if-new"]
        run("marking a new database as a drill", drill, environment.for_owner(env))
        run("loading the demo data", [*MANAGE, "load_demo", "--if-empty"], unlimited)
        demo.set()


def serve(data: Path, servers: embedded.Servers, env: dict[str, str], web: int, live: int) -> NoReturn:
    """Run the processes until the person stops them; dead servers are started again meanwhile."""
    begin = time.monotonic()
    logins = subprocess.Popen([*MANAGE, "demo_logins"], cwd=PROJECT, env=env, stdout=subprocess.PIPE, text=True)
    processes = supervisor.start(data, env, web, live)
    try:
        wait_until_ready(processes, data, web, live)
        say(f"  starting the processes: {time.monotonic() - begin:.1f} s")
        names, _ = logins.communicate()
        say(f"\nThe platform is ready: http://{HOST}:{web}/\n\n{names.rstrip()}\n")
        say(f"Logs are in {data / 'logs'}. Stop with ctrl-C; the data is kept in {data}.")
        while processes.poll() is None:
            time.sleep(0.5)
            for name in servers.revive():
                say(f"  {name} had died and was started again.")
        raise StartError(f"The supervisor of the processes has died; its log is {data / 'logs' / 'supervisord.log'}.")
    finally:
        logins.kill()
        logins.wait()
        say("  stopping …")
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        supervisor.stop(processes)


def wait_until_ready(processes: subprocess.Popen[bytes], data: Path, web: int, live: int) -> None:
    """Until /readyz says 200 and the event stream listens; StartError with what is missing after 90 s.

    Parts that only make the work slower get a few seconds more, then a line each.
    """
    end = time.monotonic() + READY_SECONDS
    grace = None
    while True:
        ready, missing = readiness(web)
        if not listens(live):
            ready, missing = False, [*missing, "the event stream does not answer"]
        now = time.monotonic()
        if ready and grace is None:
            grace = now + GRACE_SECONDS
        if not missing or (grace is not None and ready and now > grace):
            break
        if processes.poll() is not None or now > end:
            logs = data / "logs"
            raise StartError(
                f"The platform did not become ready: {'; '.join(missing)}.\n"
                f"Its logs are in {logs}; web.log ends with: {last_words(logs / 'web.log')}"
            )
        time.sleep(0.2)
    for part in missing:
        say(f"  The platform works, but {part}.")


def readiness(web: int) -> tuple[bool, list[str]]:
    """What /readyz says: whether the platform can work, and each part that is not well."""
    link = http.client.HTTPConnection(HOST, web, timeout=5)
    try:
        link.request("GET", "/readyz")
        answer = link.getresponse()
        parts = json.loads(answer.read(100_000)).get("parts", {})
    except (OSError, http.client.HTTPException, ValueError) as error:
        return False, [f"the web process does not answer ({error})"]
    finally:
        link.close()
    missing = [f"{name}: {part['detail']}" for name, part in parts.items() if not part["ok"]]
    ready = answer.status == 200
    return ready, missing if missing or ready else [f"/readyz answers {answer.status}"]


def listens(port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
