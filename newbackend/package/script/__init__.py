"""What run.sh starts and with which variables: seen in a sandbox with stand-ins for the programs, or read."""

from newbackend.package.script.reading import read_run_script
from newbackend.package.script.recorder import RUN_SH, Recorded
from newbackend.package.script.runscript import RunScript, matching
from newbackend.package.script.shell import BUILTINS, KEYWORDS, functions

__all__ = ["BUILTINS", "KEYWORDS", "RUN_SH", "Recorded", "RunScript", "functions", "matching", "read_run_script"]
