"""Trouble that shows in the plans of queries."""
from pyspark.sql import functions as F

from case import IDLE, SHORT, Run, case, discard, numbers, payload, waiting, waves

OFF = {"sql__autoBroadcastJoinThreshold": "-1", "sql__adaptive__autoBroadcastJoinThreshold": "-1"}


@case("product", "a join without an equality: 16,000 by 16,000 rows", must="exploding-join", may={
    **IDLE, "few-partitions": "the product keeps the partitions of its inputs", "task-skew": "real work on a shared host"},
    runs="4.0", master="local-cluster[2,2,1024]")
def product(run: Run) -> None:
    left = numbers(run, 16_000, 4)
    right = numbers(run, 16_000, 4).withColumnRenamed("id", "b")
    left.join(right, F.expr("(id * 31 + b * 17) % 1000003 = 5"), "inner").agg(F.count("*")).collect()


@case("cartesian", "a cartesian product, as broadcasts are switched off", must="exploding-join", may={
    "task-skew": "real work on a shared host", "tiny-tasks": "a product of partitions"}, runs="4.0- 3.5-",
    master="local-cluster[2,2,1024]", **OFF)
def cartesian(run: Run) -> None:
    left = numbers(run, 5_000, 4)
    right = numbers(run, 5_000, 4).withColumnRenamed("id", "b")
    left.crossJoin(right).where("(id * 31 + b * 17) % 1000003 = 5").agg(F.count("*")).collect()


@case("broadcast-off", "broadcasts are switched off: a large table is shuffled to meet one of fifty rows",
      must="missed-broadcast", may={"spill": "the sort of the large side", "driver-bound": "on a starved host the driver took 24 s to plan the query", "task-skew": "fifty keys fall unevenly",
                                    **IDLE}, runs="4.0- 3.5-",
      master="local-cluster[2,2,1024]", sql__shuffle__partitions="8", **OFF)
def broadcast_off(run: Run) -> None:
    facts = run.spark.read.parquet(run.path("data/events"))
    dims = numbers(run, 50, 1).select(F.col("id").alias("day"), F.md5(F.col("id").cast("string")).alias("name"))
    discard(facts.join(dims, "day"))


@case("broadcast-off-large", "broadcasts are switched off: 3.6 million rows are shuffled to meet a table of fifty",
      must="missed-broadcast", may={"spill": "the sort of the large side", "task-skew": "fifty keys fall unevenly",
                                    "gc-pressure": "sorts in a small heap", **IDLE}, runs="4.0 4.0-",
      master="local-cluster[2,2,1024]", sql__shuffle__partitions="8", **OFF)
def broadcast_off_large(run: Run) -> None:
    events = run.spark.read.parquet(run.path("data/events"))
    dims = numbers(run, 50, 1).select(F.col("id").alias("day"), F.md5(F.col("id").cast("string")).alias("name"))
    discard(events.union(events).union(events).join(dims, "day"))


@case("broadcast-large", "a hint broadcasts 600 MB", must="large-broadcast", may={
    **SHORT, "driver-bound": "the driver builds it alone", "gc-pressure": "600 MB of rows are made and kept for the driver", "task-skew": "real work on a shared host", **IDLE}, runs="4.0",
    master="local-cluster[1,2,3072]", executor__memory="3g", driver__memory="4g")
def broadcast_large(run: Run) -> None:
    facts = numbers(run, 200_000, 4)
    large = numbers(run, 500_000, 4).select("id", payload(1).alias("v"))
    discard(facts.join(F.broadcast(large), "id"))


@case("no-pushdown", "a filter on a function of the column keeps a dozen of 1.2 million rows", must="missing-pushdown",
      may={"repeated-plans": "the same scan in six queries", "task-skew": "real work on a shared host"}, runs="4.0 3.5",
      master="local-cluster[2,1,1024]")
def no_pushdown(run: Run) -> None:
    for prefix in ("110011", "110012", "110013", "110014", "110015", "110016"):
        events = run.spark.read.parquet(run.path("data/events"))
        discard(events.where(F.substring(F.concat(F.col("id").cast("string"), F.lit("")), 1, 6) == prefix))


@case("repeated", "the same scan and aggregation in six queries", must="repeated-plans", may={
    "task-skew": "real work on a shared host", "missed-broadcast": "small sides", "few-partitions": "adaptive execution merges"},
    runs="4.0 3.5", master="local-cluster[2,2,1024]")
def repeated(run: Run) -> None:
    for day in range(6):
        events = run.spark.read.parquet(run.path("data/events"))
        per_day = events.groupBy("day").agg(F.max(F.sha2("pad", 512)).alias("top"), F.count("*").alias("n"))
        # A condition that no optimizer can take below the aggregation, as it can n * 0: a hash has 128 digits.
        per_day.where(F.col("day") == F.lit(day) + F.length("top") - 128).collect()
