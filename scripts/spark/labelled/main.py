#!/usr/bin/env python3
"""
Runs cases of the labelled corpus one after the other in one driver, or lists them all with their labels.

    main.py list
    main.py prepare --workdir DIR
    main.py skew-join few-by-code:static --workdir DIR --eventlog-dir DIR

Each writes its log into a folder of its name in the event log directory, and is named on standard output when it is done.
"""
import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import threading
import time

import pyspark
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession, functions as F

import tasks, plans, memory, resources, streaming, failures, clean  # noqa: F401  they register their cases
from case import CASES, Case, Run


def prepare(workdir: str) -> None:
    """Inputs that several cases read: a table of 1.2 million rows, and 1500 files of three."""
    folder = os.path.join(workdir, "data", "many-files")
    os.makedirs(folder)
    for part in range(1500):
        with open(os.path.join(folder, f"part-{part:04d}.csv"), "w", newline="") as f:
            csv.writer(f).writerows([part * 3 + row, f"value-{row}"] for row in range(3))
    spark = (SparkSession.builder.master("local[2]").config("spark.driver.memory", "2g")
             .config("spark.ui.enabled", "false").getOrCreate())
    (spark.range(0, 1_200_000, 1, 8).select("id", (F.col("id") % 50).alias("day"), F.sha2(F.col("id").cast("string"), 512).alias("pad"))
     .write.parquet(os.path.join(workdir, "data", "events")))
    spark.stop()


class StandaloneCluster:
    """A master and workers that believe to be on hosts of their own: addresses of the loopback network."""

    def __init__(self, hosts, late_ms: int, workdir: str):
        self.processes = []
        self.java = os.path.join(os.environ["SPARK_HOME"], "bin", "spark-class")
        self.workdir = workdir
        self.start("master.Master", "--host", "127.0.0.1", "--port", "17077", "--webui-port", "0")
        time.sleep(4)
        starter = threading.Timer(late_ms / 1000, self.start_workers, [hosts])
        starter.daemon = True
        starter.start()
        if late_ms == 0:
            starter.join()
            time.sleep(5)

    def start_workers(self, hosts) -> None:
        for host in hosts:
            self.start("worker.Worker", "--host", host, "--cores", "4", "--memory", "2g", "--webui-port", "0",
                       "--work-dir", os.path.join(self.workdir, "cluster"), "spark://127.0.0.1:17077")

    def start(self, main: str, *args: str) -> None:
        env = {k: v for k, v in os.environ.items() if k != "SPARK_LOCAL_IP"}
        self.processes.append(subprocess.Popen([self.java, f"org.apache.spark.deploy.{main}", *args], env=env,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        # The next cluster wants the same port.
        for process in self.processes:
            process.wait(60)


def session(chosen: Case, adaptive: bool, folder: str, workdir: str) -> SparkSession:
    conf = {
        "spark.driver.memory": "1g", "spark.executor.memory": "1g", "spark.ui.showConsoleProgress": "false",
        "spark.ui.enabled": "false", "spark.sql.warehouse.dir": os.path.join(workdir, "warehouse"),
        "spark.eventLog.enabled": "true", "spark.eventLog.dir": "file://" + os.path.abspath(folder),
        "spark.eventLog.rolling.enabled": "false", "spark.eventLog.compress": "true",
        "spark.eventLog.compression.codec": "zstd", "spark.io.compression.zstd.level": "9",
        # A busy host takes its time to start executors: that is not what a case shows, but where it is injected.
        **({} if chosen.late_ms or "spark.dynamicAllocation.enabled" in chosen.conf else {
            "spark.scheduler.minRegisteredResourcesRatio": "1.0", "spark.cores.max": str(cores_of(chosen)),
            "spark.scheduler.maxRegisteredResourcesWaitingTime": "180s"}),
        **({} if adaptive else {"spark.sql.adaptive.enabled": "false"}), **chosen.conf,
    }
    fresh = SparkConf(loadDefaults=False).setAppName(chosen.name).setMaster(
        "spark://127.0.0.1:17077" if chosen.hosts else chosen.master)
    for key, value in conf.items():
        fresh.set(key, value)
    return SparkSession(SparkContext(conf=fresh))


def cores_of(chosen: Case) -> int:
    if chosen.hosts:
        return 4 * len(chosen.hosts)
    workers, cores, _ = chosen.master.removeprefix("local-cluster[").split(",")
    return int(workers) * int(cores)


def run_case(name: str, args) -> None:
    adaptive = not name.endswith(":static")
    chosen = CASES[name.partition(":")[0]]
    folder = os.path.join(args.eventlog_dir, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    cluster = StandaloneCluster(chosen.hosts, chosen.late_ms, args.workdir) if chosen.hosts else None
    try:
        spark = session(chosen, adaptive, folder, args.workdir)
        try:
            chosen.body(Run(spark, args.workdir))
        finally:
            spark.stop()
    finally:
        if cluster is not None:
            cluster.stop()
    print("RECORDED", name, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", help="list, prepare, or names; `:static` is without adaptive execution")
    parser.add_argument("--workdir", default="/tmp/spot-labelled")
    parser.add_argument("--eventlog-dir", default="/tmp/spot-labelled/events")
    parser.add_argument("--seconds", type=float, default=1e9, help="begins no case after so long")
    args = parser.parse_args()
    if args.cases == ["list"]:
        print(json.dumps([{
            "name": c.name, "about": c.about, "must": c.must, "tell": c.tell, "may": c.may, "never": c.never,
            "runs": c.runs, "ownDriver": "spark.driver.memory" in c.conf, "hosts": bool(c.hosts),
            "computes": c.body.__module__ in ("memory", "plans")}
            for c in CASES.values()]))
        return 0
    os.environ.setdefault("SPARK_HOME", os.path.dirname(pyspark.__file__))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Python tasks find the functions of these files.
    os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
    os.makedirs(args.workdir, exist_ok=True)
    if args.cases == ["prepare"]:
        prepare(args.workdir)
        return 0
    # The heap of the driver is what its JVM was started with: a case that sets it runs alone.
    for name in args.cases[:1]:
        memory = CASES[name.partition(":")[0]].conf.get("spark.driver.memory", "1g")
        os.environ["PYSPARK_SUBMIT_ARGS"] = f"--driver-memory {memory} pyspark-shell"
    until = time.time() + args.seconds
    for name in args.cases:
        if time.time() < until:
            try:
                run_case(name, args)
            except Exception as error:
                print(f"{name}: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
