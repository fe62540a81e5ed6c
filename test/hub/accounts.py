"""System accounts for the hub test: made for it, with a password nobody knows, and removed with all that is theirs."""

import pwd
import secrets
import subprocess


class Account:
    def __init__(self, name, home):
        self.name = name
        self.home = home
        self.password = secrets.token_urlsafe(18)
        subprocess.run(
            ["useradd", "--create-home", "--home-dir", home, "--shell", "/bin/bash", name],
            check=True,
            capture_output=True,
        )
        subprocess.run(["chmod", "700", home], check=True)
        subprocess.run(["chpasswd"], input=f"{name}:{self.password}", text=True, check=True, capture_output=True)
        self.uid = pwd.getpwnam(name).pw_uid

    def run(self, *command, env=None, cwd=None):
        """Runs a program as this account, as its owner would in a terminal."""
        settings = [f"{name}={value}" for name, value in (env or {}).items()]
        return subprocess.run(
            ["runuser", "-u", self.name, "--", "env", f"HOME={self.home}", *settings, *command],
            cwd=cwd or self.home,
            capture_output=True,
            text=True,
        )

    def remove(self):
        subprocess.run(["pkill", "-KILL", "-u", str(self.uid)], capture_output=True)
        subprocess.run(["userdel", "--remove", "--force", self.name], capture_output=True)
