"""What run.sh starts and with which variables, read without running a shell."""

from newbackend.package.script.runscript import RUN_SH, RunScript, matching, read_run_script
from newbackend.package.script.shell import BUILTINS, KEYWORDS, functions

__all__ = ["BUILTINS", "KEYWORDS", "RUN_SH", "RunScript", "functions", "matching", "read_run_script"]
