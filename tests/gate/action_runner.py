"""Runs the steps of `action.yml` as the runner of GitHub Actions does: bash, its files, its variables.

Steps that use another action are not run: their outputs are given. Expressions are those that this action uses: names,
`!`, `==`, `!=`, `&&`, `||`, texts and `cancelled()`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_OPERATORS = {"&&": " and ", "||": " or ", "!": " not ", "()": "", "==": "==", "!=": "!=", "(": "(", ")": ")"}
_TOKEN = re.compile(r"\s*(&&|\|\||==|!=|!|\(\)|\(|\)|'[^']*'|[\w.-]+)")


@dataclass
class Job:
    """What a run of the action left behind."""

    status: int
    log: str
    summary: str
    outputs: dict[str, str]
    used: list[str] = field(default_factory=list)


@dataclass
class Runner:
    """One job in a workspace. `environment` is added to that of the steps."""

    workspace: Path
    temporary: Path
    github: Mapping[str, Any]
    environment: Mapping[str, str]
    done: tuple[str, ...] = ()
    """Steps that ran before, by id."""

    def run(self, **inputs: str) -> Job:
        """Runs the action with some inputs (`fail_on` for `fail-on`)."""
        given = {name: str(row.get("default", "")) for name, row in ACTION["inputs"].items()}
        named = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert named.keys() <= given.keys()
        steps: dict[str, Any] = {}
        values = {"inputs": given | named, "github": self.github, "steps": steps}
        summary = self.temporary / "summary"
        summary.write_text("")
        job = Job(0, "", "", {})
        for step in ACTION["runs"]["steps"]:
            condition = step.get("if", "success()")
            if not _truth(_evaluate(condition.removeprefix("${{").removesuffix("}}"), values, ok=job.status == 0)):
                continue
            if "uses" in step:
                job.used.append(step["uses"].partition("@")[0])
                continue
            if step["id"] in self.done:
                continue
            status, log, outputs = self._step(step, values, summary)
            steps[step["id"]] = {"outputs": outputs}
            job.status, job.log = job.status or status, job.log + log
        job.summary = summary.read_text(encoding="utf-8")
        job.outputs = {name: _filled(row["value"], values) for name, row in ACTION["outputs"].items()}
        return job

    def _step(
        self, step: Mapping[str, Any], values: Mapping[str, Any], summary: Path
    ) -> tuple[int, str, dict[str, str]]:
        written = self.temporary / "output"
        written.write_text("")
        assert "${{" not in step["run"], "an expression in a script can be injected into"
        script = self.temporary / "step.sh"
        script.write_text(step["run"])
        environment = {
            **os.environ,
            **self.environment,
            **{name: _filled(str(value), values) for name, value in step.get("env", {}).items()},
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_OUTPUT": str(written),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.temporary),
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done = subprocess.run(command, cwd=self.workspace, env=environment, capture_output=True, text=True, check=False)
        rows = (line.split("=", 1) for line in written.read_text(encoding="utf-8").splitlines())
        return done.returncode, done.stdout + done.stderr, {row[0]: row[1] for row in rows}


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return _EXPRESSION.sub(lambda found: str(_evaluate(found[1], values, ok=True)), text)


def _truth(value: Any) -> bool:
    return value not in ("", None, False)


def _evaluate(text: str, values: Mapping[str, Any], *, ok: bool) -> Any:
    """The value of an expression. It is turned into one of Python over the values that it names."""
    names: list[Any] = []
    words = []
    for token in _TOKEN.findall(text):
        word = _OPERATORS.get(token)
        if word is None:
            names.append(_value(token, values, ok=ok))
            word = f"names[{len(names) - 1}]"
        words.append(word)
    return eval("".join(words).strip(), {"__builtins__": {}}, {"names": names})


def _value(token: str, values: Mapping[str, Any], *, ok: bool) -> Any:
    if token.startswith("'"):
        return token[1:-1]
    if token in ("success", "cancelled"):
        return ok if token == "success" else False
    found: Any = values
    for key in token.split("."):
        found = found.get(key, "") if isinstance(found, Mapping) else ""
    return found
