"""``python -m keystorm``: becomes the native command."""

import os
import subprocess
import sys

from keystorm.emulator import binary


def main():
    command = [binary(), *sys.argv[1:]]
    if os.name == "nt":
        sys.exit(subprocess.run(command).returncode)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
