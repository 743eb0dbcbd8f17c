"""The account the embedded servers run under and who may enter their folders; nothing here starts a process.

PostgreSQL refuses to run as root. No user is created for it: the number below is enough for a process and for
the owner of a folder, and it stands in the range that Debian's policy keeps free (30000-59999).
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from antifraud.start.faults import StartError

SERVER_ID = 52917


class Identity(TypedDict, total=False):
    """The keyword arguments of `subprocess.Popen` that change who a child is."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """Whom server processes run as; both numbers are None when that is the caller, an ordinary user."""

    uid: int | None = None
    gid: int | None = None

    def identity(self) -> Identity:
        """What to give to `subprocess` so that the child runs under this account."""
        if self.uid is None or self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def named(self) -> Account:
        """The same group under a user that has a name: `initdb`, and only it, asks for its user's name."""
        if self.uid is None:
            return self
        for name in ("nobody", "daemon", "bin"):
            try:
                return Account(pwd.getpwnam(name).pw_uid, self.gid)
            except KeyError:
                continue
        raise StartError("This system has no user nobody, daemon or bin; start as an ordinary user instead.")

    def own(self, path: Path) -> None:
        """Give `path` and everything below it to this account."""
        if self.uid is None or self.gid is None:
            return
        for folder, _, files in os.walk(path):
            os.chown(folder, self.uid, self.gid)
            for name in files:
                os.chown(os.path.join(folder, name), self.uid, self.gid, follow_symlinks=False)

    def barrier(self, path: Path) -> Path | None:
        """The first folder above `path` that this account may not enter; None when it gets through."""
        if self.uid is None:
            return None
        for parent in reversed(path.parents):
            status = parent.stat()
            if status.st_uid == self.uid:
                allowed = status.st_mode & 0o100
            elif status.st_gid == self.gid:
                allowed = status.st_mode & 0o010
            else:
                allowed = status.st_mode & 0o001
            if not allowed:
                return parent
        return None


def for_servers() -> Account:
    """The unprivileged account when root starts the servers, else the caller's own."""
    return Account(SERVER_ID, SERVER_ID) if os.geteuid() == 0 else Account()


def prepare(data: Path, account: Account) -> None:
    """Make the data folder, closed to all but its owner; as root the servers' group may pass, not list it.

    Raises StartError when the account cannot reach it: parent folders are never opened for it.
    """
    nearest = next(folder for folder in (data, *data.parents) if folder.exists())
    barrier = account.barrier(nearest / "inside" if nearest != data else data)
    if barrier is not None:
        raise StartError(
            f"PostgreSQL does not run as root, and only root may enter {barrier}: choose another data folder"
            " with ANTIFRAUD_DATA, for example /var/lib/antifraud."
        )
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account.gid is None:
        data.chmod(0o700)
    else:
        os.chown(data, 0, account.gid)
        data.chmod(0o710)


def private_folder(path: Path, account: Account) -> Path:
    """A folder of mode 0700 that belongs to the servers' account; returns `path`."""
    path.mkdir(exist_ok=True)
    path.chmod(0o700)
    if account.uid is not None and account.gid is not None:
        os.chown(path, account.uid, account.gid)
    return path
