"""The environment in which pip installs this project without a network, with what is installed here."""

from __future__ import annotations

import sysconfig

OFFLINE = {
    "PYTHONPATH": sysconfig.get_paths()["purelib"],
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    # pip reads this one the other way round: 0 turns the isolation of builds off.
    "PIP_NO_BUILD_ISOLATION": "0",
}
