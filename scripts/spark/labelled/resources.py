"""Trouble with executors, hosts, the driver, and settings."""
import threading
import time

from pyspark import RDD
from pyspark.serializers import AutoBatchedSerializer, CPickleSerializer
from pyspark.sql import functions as F

from case import IDLE, PYTHON, Run, case, discard, executor_host, numbers, payload, sleep_in_python, waiting, waves

HOSTS = "127.0.0.2 127.0.0.3 127.0.0.4"


@case("idle-serial", "four executors, one task at a time", must="idle-executors", may={
    "few-partitions": "one task for eight slots"}, runs="4.0 3.5", master="local-cluster[4,2,512]", executor__memory="512m")
def idle_serial(run: Run) -> None:
    for _ in range(3):
        discard(waiting(numbers(run, 10, 1), 250))


@case("idle-small-jobs", "four executors for jobs of two short tasks each", must="idle-executors", may={
    "few-partitions": "two tasks for eight slots"}, runs="4.0-", master="local-cluster[4,2,512]", executor__memory="512m")
def idle_small_jobs(run: Run) -> None:
    for _ in range(12):
        discard(waiting(numbers(run, 20, 2), 80))


@case("driver-waits", "the driver waits 8 s after each of three jobs", must="driver-bound", runs="4.0 3.5-")
def driver_waits(run: Run) -> None:
    for _ in range(3):
        waves(run, 8, 1000)
        time.sleep(8)


@case("driver-computes", "the driver computes on what it collected", must="driver-bound", runs="4.0 3.5")
def driver_computes(run: Run) -> None:
    total = 0
    for _ in range(2):
        rows = numbers(run, 20_000, 8).select(F.md5(F.col("id").cast("string"))).collect()
        until = time.time() + 9
        while time.time() < until:
            total += sum(int(r[0][:8], 16) for r in rows)


@case("driver-tail", "the driver works 20 s after the last job", must="driver-bound", runs="4.0-")
def driver_tail(run: Run) -> None:
    waves(run, 16, 2000)
    time.sleep(20)


@case("cold-cluster", "the first executor comes 20 s after the first stage", must="cold-start", runs="4.0",
      hosts="127.0.0.2 127.0.0.3", late_ms=24_000)
def cold_cluster(run: Run) -> None:
    waves(run, 8, 1000, jobs=2)


@case("slow-host", "tasks take four times as long on one of three hosts", must="slow-host", may={
    **PYTHON, "task-skew": "the tasks of the slow host are the long ones"}, runs="4.0", hosts=HOSTS)
def slow_host(run: Run) -> None:
    def work(index, rows):
        time.sleep(2.4 if executor_host() == "127.0.0.4" else 0.6)
        return rows
    run.sc.parallelize(range(960), 96).mapPartitionsWithIndex(work).count()


@case("slow-host-waves", "six jobs of two waves, in which tasks take four times as long on one of three hosts",
      must="slow-host", may={**PYTHON, "task-skew": "the tasks of the slow host are the long ones"}, runs="4.0", hosts=HOSTS)
def slow_host_waves(run: Run) -> None:
    def work(index, rows):
        time.sleep(3.6 if executor_host() == "127.0.0.4" else 0.9)
        return rows
    # Of one long stage the fast hosts do nearly all, so that hardly anything could be won; here every job waits.
    for _ in range(6):
        run.sc.parallelize(range(240), 24).mapPartitionsWithIndex(work).count()


@case("speculation", "speculation copies tasks that are only twice as long as others, and kills one of each pair",
      tell="speculation-waste", may={**PYTHON, **IDLE, "task-skew": "the tasks that are copied are longer"}, runs="4.0",
      hosts=HOSTS, speculation="true", speculation__interval="100ms", speculation__multiplier="1.1",
      speculation__quantile="0.3", speculation__minTaskRuntime="100ms")
def speculation(run: Run) -> None:
    def work(index, rows):
        time.sleep(1.2 if index % 3 == 0 else 3.5)
        return rows
    for _ in range(8):
        run.sc.parallelize(range(240), 12).mapPartitionsWithIndex(work).count()


@case("locality-wait", "all tasks want one of three hosts, and wait 15 s for it before they take another",
      must="locality", may={**PYTHON, **IDLE}, runs="4.0", hosts=HOSTS, locality__wait="15s")
def locality_wait(run: Run) -> None:
    jvm, gateway = run.sc._jvm, run.sc._gateway
    wanted = jvm.java.util.ArrayList()
    for i in range(96):
        hosts = jvm.java.util.ArrayList()
        hosts.add("127.0.0.2")
        wanted.add(jvm.scala.Tuple2(i, jvm.scala.jdk.javaapi.CollectionConverters.asScala(hosts).toSeq()))
    pairs = jvm.scala.jdk.javaapi.CollectionConverters.asScala(wanted).toSeq()
    rdd = run.sc._jsc.sc().makeRDD(pairs, jvm.scala.reflect.ClassTag.Any())
    java = jvm.org.apache.spark.api.java.JavaRDD.fromRDD(rdd, jvm.scala.reflect.ClassTag.Any())
    numbered = RDD(jvm.org.apache.spark.api.python.SerDeUtil.javaToPython(java), run.sc,
                   AutoBatchedSerializer(CPickleSerializer()))
    numbered.map(sleep_in_python(500)).count()
    assert gateway is not None


@case("slow-fetch", "reducers may ask for one block at a time, of 65,000 blocks", must="shuffle-heavy", may={
    **IDLE, "tiny-tasks": "so many blocks need many tasks"}, runs="4.0-",
      hosts="127.0.0.2 127.0.0.3", sql__shuffle__partitions="256", reducer__maxReqsInFlight="1",
      reducer__maxBlocksInFlightPerAddress="1")
def slow_fetch(run: Run) -> None:
    rows = numbers(run, 80_000, 256).select((F.col("id") * 7919).alias("k"), payload(2).alias("v"))
    discard(rows.repartition(256, "k"))


@case("churn", "executors are let go after a second and asked for again", tell="dynamic-allocation", may={
    **IDLE, "driver-bound": "the driver waits between jobs", "cold-start": "executors come late",
    "few-partitions": "one task a job"}, runs="4.0",
    master="local-cluster[4,1,512]", executor__memory="512m", dynamicAllocation__enabled="true",
    dynamicAllocation__shuffleTracking__enabled="true", dynamicAllocation__minExecutors="0",
    dynamicAllocation__executorIdleTimeout="1s", dynamicAllocation__schedulerBacklogTimeout="1s")
def churn(run: Run) -> None:
    for _ in range(2):
        waves(run, 4, 3000)
        time.sleep(6)


@case("wasteful-properties", "shuffle files uncompressed, code generation off, a name misspelt", tell="properties",
      runs="4.0 3.5", shuffle__compress="false", sql__codegen__wholeStage="false", sql__shuffle__partition="64")
def wasteful_properties(run: Run) -> None:
    waves(run, 24, 1500)
