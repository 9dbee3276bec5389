"""All clips of a batch: what is done already, what an engine does now, and what is tried again."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Semaphore

import tenacity

from dahyf_core.batch.engines import Engine, Resources
from dahyf_core.batch.engines.engine import Message, usable_cores
from dahyf_core.batch.ledger import folder_of
from dahyf_core.batch.manifest import Clip
from dahyf_core.batch.results import Result, failed
from dahyf_core.batch.run import known_result
from dahyf_core.batch.tasks import AnyTask, write_task
from dahyf_core.errors import DahyfError, ExitCode, OutputError, detail

REMEDY = "Choose a folder with space and write permission."
LONGEST_WAIT = 60.0
"""Seconds before another try; the first waits are a second or two."""
MOST_AT_ONCE = 512
"""Threads that wait for clips."""


@dataclass(frozen=True)
class Work:
    """A clip and its tasks."""

    clip: Clip
    tasks: Sequence[AnyTask]


@dataclass
class Tracked:
    """Receives what happens to clips, from many threads."""

    started: Callable[[Clip, int], None]
    told: Callable[[Clip, Message], None]
    ended: Callable[[Clip, list[Result]], None]


@dataclass
class Policy:
    """retries: of a clip, if the exit code says that it may succeed. wait: seconds before the first one."""

    retries: int = 2
    wait: float = 1.0
    stopped: Event = field(default_factory=Event)


def run_batch(
    works: Sequence[Work], engine: Engine, resources: Resources, policy: Policy, tracked: Tracked
) -> dict[int, list[Result]]:
    """The results of all clips by number. Clips whose outputs are up to date need no process.

    After `policy.stopped` is set, what runs is stopped, and what has not begun has no results.
    """
    results: dict[int, list[Result]] = {}
    slots = Semaphore(engine.slots)
    at_once = min(len(works), MOST_AT_ONCE, 4 * engine.slots) or 1
    with ThreadPoolExecutor(at_once, "clip") as pool:
        open_works = []
        for work, known in zip(works, pool.map(_known, works), strict=True):
            if known is None:
                open_works.append(work)
            else:
                results[work.clip.number] = known
                tracked.ended(work.clip, known)
        threads = resources.threads or max(1, usable_cores() // max(1, min(engine.slots, len(open_works))))
        futures = {
            pool.submit(_run, work, engine, threads, slots, policy, tracked): work.clip.number for work in open_works
        }
        try:
            for future in as_completed(futures):
                if found := future.result():
                    results[futures[future]] = found
        except BaseException:
            policy.stopped.set()
            engine.stop()
            raise
    return results


def _run(work: Work, engine: Engine, threads: int, slots: Semaphore, policy: Policy, tracked: Tracked) -> list[Result]:
    """A clip's results, of its last try."""
    files = [_task_file(task) for task in work.tasks]

    def attempt() -> list[Result]:
        with slots:
            if policy.stopped.is_set():
                return []
            number = retrying.statistics.get("attempt_number", 1)
            tracked.started(work.clip, number)
            try:
                for task, file in zip(work.tasks, files, strict=True):
                    file.parent.mkdir(parents=True, exist_ok=True)
                    write_task(task, file)
            except (OutputError, OSError) as error:
                why = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else detail(error)
                failure = f"Nothing can be written for {work.clip.name}: {why}.", REMEDY, ExitCode.OUTPUT
                return [failed(task.stage, task.output, failure) for task in work.tasks]
            return engine.run(files, lambda message: tracked.told(work.clip, message), threads)

    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(1 + policy.retries) | tenacity.stop_when_event_set(policy.stopped),
        wait=tenacity.wait_exponential_jitter(multiplier=policy.wait, max=LONGEST_WAIT, jitter=policy.wait),
        sleep=tenacity.sleep_using_event(policy.stopped),
        retry=tenacity.retry_if_result(lambda results: any(result.again for result in results)),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )  # fmt: skip
    results: list[Result] = retrying(attempt)
    if results:
        tracked.ended(work.clip, results)
    return results


def known_results(work: Work) -> list[Result]:
    """The results of those first tasks of a clip whose outputs are up to date."""
    found = []
    for task in work.tasks:
        if (result := known_result(task)) is None:
            break
        found.append(result)
    return found


def _known(work: Work) -> list[Result] | None:
    """The results of a clip whose outputs are all up to date."""
    with suppress(DahyfError, OSError):
        found = known_results(work)
        if len(found) == len(work.tasks):
            return found
    return None


def _task_file(task: AnyTask) -> Path:
    return folder_of(task.target) / "tasks" / f"{task.target.name}.json"
