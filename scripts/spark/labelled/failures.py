"""Tasks, executors and jobs that fail."""
import os
import signal
import time

from pyspark import TaskContext
from pyspark.sql import functions as F

from case import TWO_BY_FOUR, IDLE, PYTHON, Run, case, discard, executor_jvm, numbers, once, sleep_in_python, waiting, waves

LOSS = {"failed-tasks": "attempts that went with the executor", "task-skew": "tasks wait for lost blocks", **IDLE, **PYTHON}


@case("flaky-tasks", "a third of the tasks fail after 6 s and are repeated", must="failed-tasks", may={**PYTHON, **IDLE},
      runs="4.0 3.5")
def flaky_tasks(run: Run) -> None:
    def flaky(index, rows):
        time.sleep(2.5)
        if TaskContext.get().attemptNumber() == 0 and index % 3 == 0:
            time.sleep(3.5)
            raise RuntimeError(f"flaky partition {index}")
        return rows
    run.sc.parallelize(range(480), 24).mapPartitionsWithIndex(flaky).count()


@case("failing-job", "after a good job, records that no attempt digests", must="failed-jobs",
      may={**PYTHON, "failed-tasks": "the attempts before the job failed"}, runs="4.0 3.5", task__maxFailures="2")
def failing_job(run: Run) -> None:
    waves(run, 8, 1000)

    def bad(i):
        if i % 1000 == 999:
            raise ValueError(f"cannot digest record {i}")
        return i
    try:
        run.sc.parallelize(range(4000), 4).map(bad).sum()
    except Exception:
        pass


@case("heap-exhausted", "a value larger than the heap: executors die of it until the job fails", must="failed-jobs",
      may={"lost-executors": "the executors that died", "failed-tasks": "their tasks", **IDLE}, runs="4.0",
      master="local-cluster[2,1,512]", executor__memory="512m", task__maxFailures="2")
def heap_exhausted(run: Run) -> None:
    try:
        discard(numbers(run, 2, 2).select(F.expr("repeat(cast(id as string), 400000000 + cast(id as int))").alias("v")))
    except Exception:
        pass


@case("lost-executor", "one of two executors is killed in the middle of a stage", must="lost-executors", may=LOSS,
      runs="4.0 3.5", master=TWO_BY_FOUR)
def lost_executor(run: Run) -> None:
    marker = run.marker("killed")

    def deadly(index, rows):
        time.sleep(1.5)
        if index == 9 and once(marker):
            os.kill(executor_jvm(), signal.SIGKILL)
            time.sleep(60)
        return rows
    run.sc.parallelize(range(240), 24).mapPartitionsWithIndex(deadly).count()


@case("lost-shuffle", "an executor is killed after it wrote shuffle files: fetches fail, the stage is computed again",
      must="lost-executors", may=LOSS, runs="4.0 3.5")
def lost_shuffle(run: Run) -> None:
    marker = run.marker("killed")

    def deadly(index, rows):
        time.sleep(1)
        if index == 2 and once(marker):
            os.kill(executor_jvm(), signal.SIGKILL)
            time.sleep(60)
        return rows
    pairs = run.sc.parallelize(range(800), 16).map(sleep_in_python(30)).map(lambda i: (i % 97, 1))
    pairs.reduceByKey(lambda a, b: a + b, 16).mapPartitionsWithIndex(deadly).count()


@case("dropped-events", "a queue of twenty events drops part of what it should log", must="run-quality",
      may={"driver-bound": "what was dropped is not known to have run", "failed-jobs": "ends of jobs were dropped",
           "tiny-tasks": "they are tiny", **IDLE}, runs="4.0",
      scheduler__listenerbus__eventqueue__eventLog__capacity="20", master="local-cluster[1,100,1024]")
def dropped_events(run: Run) -> None:
    for _ in range(2):
        discard(waiting(numbers(run, 400, 400), 300))
