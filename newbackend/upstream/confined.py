"""A function in a child process with limits: what reads a stranger's text may not take time or memory without end."""

from __future__ import annotations

import multiprocessing
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar

from newbackend.errors import ErrorJson, NewbackendError, UsageError
from newbackend.records import dataclass

Given = ParamSpec("Given")
Result = TypeVar("Result")

CPU_SECONDS = 30
"""Processor time for one upstream: a busy machine takes longer for the same. sherpa-onnx takes 1.5 s."""
SECONDS = 120.0
"""Time for one upstream, with all waiting."""
MEMORY_BYTES = 1 << 30
"""Memory that the child may ask for beyond what it starts with. sherpa-onnx takes 110 MB."""


@dataclass(frozen=True)
class _Refused:
    """An error of ours on its way through the pipe: exceptions with keyword arguments cannot be pickled."""

    kind: type[NewbackendError]
    parts: ErrorJson

    def error(self) -> NewbackendError:
        """The error again."""
        where, hint, choices = self.parts["where"], self.parts["hint"], self.parts["choices"]
        return self.kind(self.parts["code"], self.parts["message"], where=where, hint=hint, choices=choices)


def _refused(error: NewbackendError) -> _Refused:
    return _Refused(type(error), error.as_json())


def confined(function: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """The result of a function that ran in a child process of its own.

    Raises UsageError when it takes too long or too much memory, and the function's own NewbackendError.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def work() -> None:
        receiver.close()
        _limit_memory()
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
        try:
            sender.send(function(*given, **named))
        except NewbackendError as error:
            sender.send(_refused(error))
        except (MemoryError, RecursionError):
            sender.send(_refused(_too_much("memory")))
        except Exception as error:  # a mistake of ours: the parent reports it as an internal error
            sender.send(error)

    child = context.Process(target=work, daemon=True)
    child.start()
    sender.close()
    try:
        answer: Result = _answer(receiver, child)
    finally:
        child.kill()
        child.join()
        receiver.close()
    return answer


def _answer(receiver: Connection, child: BaseProcess) -> Any:
    if not receiver.poll(SECONDS):
        raise _too_much(f"more than {SECONDS:.0f} s")
    try:
        answer = receiver.recv()
    except EOFError as error:
        child.join()
        late = child.exitcode == -signal.SIGXCPU
        raise _too_much(f"more than {CPU_SECONDS} s of processor time" if late else "memory") from error
    if isinstance(answer, _Refused):
        raise answer.error()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _too_much(what: str) -> UsageError:
    message = (
        f"reading the upstream takes too much {what}" if what == "memory" else f"reading the upstream takes {what}"
    )
    return UsageError("upstream-too-much", message, hint="`create --engine placeholder` does without it")


def _limit_memory() -> None:
    with suppress(ValueError, OSError):  # macOS does not take it
        used = _address_space()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))


def _address_space() -> int:
    with suppress(OSError), open("/proc/self/statm", encoding="ascii") as about:  # noqa: PTH123
        return int(about.read().split()[0]) * resource.getpagesize()
    return 0
