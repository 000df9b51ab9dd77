"""Runs a command under the SystemCallFilter= of a systemd unit, as systemd would, where systemd itself does not run.

    under-syscall-filter.py UNIT COMMAND [ARG ...]

Needs libseccomp's own Python module (Debian: python3-seccomp) and systemd-analyze, which knows the groups of calls.
"""
import os
import subprocess
import sys

import seccomp

EPERM = 1


def calls(name: str) -> set:
    """A call, or all calls of a group such as @system-service."""
    if not name.startswith("@"):
        return {name}
    listing = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    members = [line.strip() for line in listing.stdout.splitlines()[1:]]
    return set().union(*(calls(member) for member in members if member and not member.startswith("#")))


def allowed_by(unit: str) -> set:
    allowed = set()
    with open(unit) as lines:
        filters = [line.strip().partition("=")[2] for line in lines if line.startswith("SystemCallFilter=")]
    for text in filters:
        named = set().union(*(calls(name) for name in text.lstrip("~").split()))
        allowed = allowed - named if text.startswith("~") else allowed | named
    return allowed


allow_list = seccomp.SyscallFilter(defaction=seccomp.ERRNO(EPERM))
for call in sorted(allowed_by(sys.argv[1])):
    try:
        allow_list.add_rule(seccomp.ALLOW, call)
    except RuntimeError:
        pass  # a call of another architecture or a newer kernel
allow_list.load()
os.execvp(sys.argv[2], sys.argv[2:])
