"""What a case is: one application with one injected problem, or a clean one, and what is true of it by its making."""
import os
import time
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Tuple

from pyspark.sql import Column, DataFrame, SparkSession, functions as F

# Eight slots. Tasks mostly wait instead of computing, so that the slots are real on two cores.
ONE_BY_EIGHT = "local-cluster[1,8,1024]"
TWO_BY_FOUR = "local-cluster[2,4,1024]"


@dataclass
class Run:
    spark: SparkSession
    workdir: str

    @property
    def sc(self):
        return self.spark.sparkContext

    def path(self, name: str) -> str:
        return os.path.join(self.workdir, name)

    def marker(self, name: str) -> str:
        """A file that only this run has."""
        return self.path(f"{name}-{self.sc.applicationId}")


@dataclass
class Case:
    name: str
    about: str
    body: Callable[[Run], None]
    must: Tuple[str, ...]
    tell: Tuple[str, ...]
    may: Dict[str, str]
    never: Tuple[str, ...]
    runs: Tuple[str, ...]
    conf: Dict[str, str]
    master: str
    hosts: Tuple[str, ...] = ()
    late_ms: int = 0


CASES: Dict[str, Case] = {}


def case(name: str, about: str, *, must: str = "", tell: str = "", may: Dict[str, str] = {}, never: str = "",
         runs: str = "4.0", master: str = ONE_BY_EIGHT, hosts: str = "", late_ms: int = 0, **conf: str):
    """
    Registers a case. Labels are written here, before any run, from what is injected:

    must: must be found, moderate or above, the first of them before all others; tell: must be found at any severity,
    for it costs no time; may: true of the run as well, each with the reason; never: what it looks like and is not.
    All that is in none of these must not be found at moderate or above.

    runs: Spark versions, each with a `-` where adaptive execution is off. conf keys have __ for the dots.
    hosts: addresses of the workers of a standalone cluster of its own, instead of a master; late_ms: they start so late.
    """
    def register(body):
        CASES[name] = Case(name, about, body, tuple(must.split()), tuple(tell.split()), dict(may), tuple(never.split()),
                           tuple(runs.split()), {"spark." + k.replace("__", "."): v for k, v in conf.items()},
                           master, tuple(hosts.split()), late_ms)
        return body
    return register


# --- building blocks ----------------------------------------------------------

# Starting an application takes a busy host half a minute: beside that what a case shows has to be long.
SLOWER = 2


def waiting(frame: DataFrame, ms: int) -> DataFrame:
    """Each row takes ms of its task's time inside the JVM, and none of the host's."""
    return frame.withColumn("waited", F.expr(f"java_method('java.lang.Thread', 'sleep', {ms * SLOWER}L)"))


def discard(frame: DataFrame) -> None:
    """Computes a whole frame without keeping it."""
    frame.write.format("noop").mode("overwrite").save()


def payload(kilobytes: int, column: str = "id") -> Column:
    """Text that hardly compresses: eight hashes of 128 characters a kilobyte."""
    return F.concat(*[F.sha2(F.concat(F.col(column).cast("string"), F.lit(f"/{i}")), 512) for i in range(8 * kilobytes)])


def numbers(run: Run, rows: int, parts: int) -> DataFrame:
    return run.spark.range(0, rows, 1, parts)


def waves(run: Run, tasks: int, ms: int, jobs: int = 1) -> None:
    """Jobs of even tasks; each task waits ms in all."""
    for _ in range(jobs):
        discard(waiting(numbers(run, tasks * 10, tasks), ms // 10))


def executor_jvm() -> int:
    """Process id of the executor that runs this Python task (worker -> daemon -> JVM)."""
    pid = os.getpid()
    while True:
        with open(f"/proc/{pid}/stat") as f:
            parent = int(f.read().rpartition(")")[2].split()[1])
        with open(f"/proc/{parent}/comm") as f:
            if f.read().startswith("java"):
                return parent
        pid = parent


def executor_host() -> str:
    """The address that the executor of this Python task was given."""
    with open(f"/proc/{executor_jvm()}/cmdline", "rb") as f:
        words = f.read().decode().split("\0")
    return words[words.index("--hostname") + 1]


def once(marker: str) -> bool:
    """True for the one task, of all attempts on this machine, that gets here first."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False


def sleep_in_python(ms: int):
    def wait(row):
        time.sleep(ms * SLOWER / 1000)
        return row
    return wait


SHORT = {"cold-start": "a short run, of which starting is a large part"}
IDLE = {"idle-executors": "slots without work are what the trouble leaves"}
PYTHON = {"python-cost": "its tasks wait in Python"}
