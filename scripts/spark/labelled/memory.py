"""Trouble with memory: spill, garbage, caches, results."""
from pyspark import StorageLevel
from pyspark.sql import functions as F

from case import Run, case, discard, numbers, payload, waiting, waves

FULL = {"gc-pressure": "a heap without room", "spill": "a heap without room", "executor-memory": "a heap without room"}


@case("spill-all", "a sort with a sliver of memory: every task spills", must="spill", may={
    "properties": "spark.memory.fraction is the injection", **FULL}, runs="4.0 4.0- 3.5-",
    master="local-cluster[2,2,1024]", memory__fraction="0.02", sql__shuffle__partitions="4")
def spill_all(run: Run) -> None:
    wide = numbers(run, 400_000, 4).select(
        F.sha2(F.col("id").cast("string"), 256).alias("k"), F.repeat(F.lit("p"), 40).alias("pad"), "id")
    discard(wide.sort("k"))


@case("spill-window", "a window over few large groups with a sliver of memory", must="spill", may={
    "properties": "spark.memory.fraction is the injection", "task-skew": "few groups are uneven", **FULL}, runs="4.0-",
    master="local-cluster[2,2,1024]", memory__fraction="0.02", sql__shuffle__partitions="4")
def spill_window(run: Run) -> None:
    rows = numbers(run, 800_000, 4).select(
        (F.col("id") % 16).alias("g"), F.sha2(F.col("id").cast("string"), 256).alias("v"))
    discard(rows.selectExpr("g", "v", "row_number() over (partition by g order by v) as n"))


@case("gc-lists", "lists of objects fill a heap of 500 MB", must="gc-pressure", may=FULL, runs="4.0- 3.5-",
      master="local-cluster[1,2,512]", executor__memory="512m", sql__shuffle__partitions="4",
      sql__objectHashAggregate__sortBased__fallbackThreshold="1000000")
def gc_lists(run: Run) -> None:
    words = numbers(run, 1_200_000, 4).select(
        (F.col("id") % 60_000).alias("k"), F.concat(F.md5(F.col("id").cast("string")), F.lit("-padding")).alias("w"))
    lists = words.groupBy("k").agg(F.collect_list("w").alias("ws"), F.collect_set(F.substring("w", 1, 4)).alias("s"))
    discard(lists.select(F.size("ws"), F.array_sort("ws").getItem(0), F.size("s"), F.reverse("ws")))
    discard(words.groupBy("k").agg(F.sort_array(F.collect_list(F.struct("w", "k"))).alias("x")))


@case("cache-evicted", "a second cache pushes out the first, which is then computed again", must="cached-data", may={
    **FULL, "repeated-plans": "what was pushed out is computed again"}, runs="4.0 3.5",
    master="local-cluster[1,4,512]", executor__memory="512m", rdd__compress="false",
    eventLog__logBlockUpdates__enabled="true")
def cache_evicted(run: Run) -> None:
    def keep(salt: int, parts: int):
        rows = numbers(run, 45_000, parts).select("id", F.repeat(F.md5(F.concat("id", F.lit(salt))), 60).alias("v"))
        return rows.rdd.persist(StorageLevel.MEMORY_ONLY)
    first = keep(1, 16)
    first.count()
    second = keep(2, 24)
    second.count()
    first.count()


@case("cache-on-disk", "a cache four times as large as memory goes to disk", must="cached-data", may=FULL, runs="4.0 3.5-",
      master="local-cluster[2,2,512]", executor__memory="512m", memory__storageFraction="0.1",
      eventLog__logBlockUpdates__enabled="true")
def cache_on_disk(run: Run) -> None:
    kept = numbers(run, 220_000, 16).select("id", payload(2).alias("v")).persist(StorageLevel.MEMORY_AND_DISK)
    kept.count()
    kept.agg(F.max("v")).collect()


@case("heap-unused", "executors of 4 GB that use a few hundred MB", tell="executor-memory", runs="4.0",
      master="local-cluster[2,4,4096]", executor__memory="4g", eventLog__logStageExecutorMetrics="true",
      executor__metrics__pollingInterval="500ms")
def heap_unused(run: Run) -> None:
    waves(run, 24, 1500, jobs=2)


@case("driver-full", "the driver keeps 320 of 512 MB in objects while it plans many queries", must="driver-memory",
      may={"driver-bound": "the driver collects garbage between jobs"}, runs="4.0", driver__memory="512m",
      eventLog__logStageExecutorMetrics="true", executor__metrics__pollingInterval="200ms")
def driver_full(run: Run) -> None:
    kept = [run.sc._jvm.java.nio.ByteBuffer.allocate(8 * 1024 * 1024) for _ in range(40)]
    for step in range(30):
        numbers(run, 2000, 2).select(*[F.lit(i + step).alias(f"c{i}") for i in range(300)]).collect()
    assert len(kept) == 40


@case("driver-idle", "a driver of 12 GB that uses little", tell="driver-memory", runs="4.0", driver__memory="12g",
      eventLog__logStageExecutorMetrics="true")
def driver_idle(run: Run) -> None:
    waves(run, 24, 1500)


@case("python-memory", "Python workers may use 64 MB and need 300", must="failed-jobs", may={
    "failed-tasks": "the attempts before the job failed"}, runs="4.0", executor__pyspark__memory="256m",
    task__maxFailures="2", master="local-cluster[2,2,1024]")
def python_memory(run: Run) -> None:
    def hungry(rows):
        kept = [bytearray(50 * 1024 * 1024) for _ in range(12)]
        return iter([len(kept)])
    try:
        run.sc.parallelize(range(8), 4).mapPartitions(hungry).count()
    except Exception:
        pass
