"""keystorm: load testing and quota simulation for AWS KMS, and an emulated KMS for tests.

The command is a native binary that this package carries: ``keystorm`` on the path, or ``python -m keystorm``.
``Emulator`` starts the emulated KMS on a free port of this machine; the pytest fixture ``kms`` hands one to a test.
"""

from keystorm.emulator import Emulator, binary

__all__ = ["Emulator", "binary"]
