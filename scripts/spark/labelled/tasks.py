"""Trouble with how work is cut into tasks."""
import gzip
import os

from pyspark.sql import functions as F

from case import IDLE, PYTHON, Run, case, discard, numbers, payload, sleep_in_python, waiting, waves

NO_BROADCAST = {"sql__autoBroadcastJoinThreshold": "-1", "sql__adaptive__autoBroadcastJoinThreshold": "-1"}


@case("skew-join", "60 % of one side's rows carry one key; adaptive execution splits nothing below 256 MB",
      must="task-skew", may=IDLE, runs="4.0 4.0- 3.5 3.5-", sql__shuffle__partitions="16", **NO_BROADCAST)
def skew_join(run: Run) -> None:
    facts = numbers(run, 4000, 16).select(
        F.when(F.col("id") % 10 < 6, F.lit(0)).otherwise(F.col("id")).alias("k"), payload(2).alias("l"))
    dims = numbers(run, 4000, 16).select(F.col("id").alias("k"), payload(2).alias("r"))
    discard(waiting(facts.join(dims, "k"), 5))


@case("skew-aggregation", "half of the rows under one key, own repartition", must="task-skew", may=IDLE, runs="4.0 3.5")
def skew_aggregation(run: Run) -> None:
    rows = numbers(run, 4000, 16).select(
        F.when(F.col("id") % 2 == 0, F.lit(0)).otherwise(F.col("id")).alias("k"), payload(2).alias("v"))
    discard(waiting(rows.repartition(24, "k"), 4))


@case("slow-record", "one record of many takes 24 s, data even", must="task-skew", may=IDLE, runs="4.0 3.5-")
def slow_record(run: Run) -> None:
    discard(numbers(run, 240, 24).selectExpr(
        "id", "java_method('java.lang.Thread', 'sleep', if(id = 77, 24000L, 100L)) as waited"))
    waves(run, 16, 500)


@case("uneven-input", "one input file of 30 MB among small ones, gzip, which cannot be split", must="task-skew",
      may=IDLE, runs="4.0")
def uneven_input(run: Run) -> None:
    folder = run.marker("uneven")
    os.makedirs(folder)
    for part in range(16):
        rows = 2400 if part == 4 else 75
        with gzip.open(os.path.join(folder, f"part-{part:02d}.csv.gz"), "wt", compresslevel=1) as f:
            for row in range(rows):
                f.write(f"{part}-{row}," + os.urandom(2048).hex() + "\n")
    rows = (run.spark.read.schema("k string, v string").option("maxPartitionBytes", "1m").csv(folder))
    discard(waiting(rows, 5))


@case("few-by-code", "coalesce(2) before the long part, eight slots", must="few-partitions", may=IDLE, runs="4.0 3.5-")
def few_by_code(run: Run) -> None:
    discard(waiting(numbers(run, 600, 8).coalesce(2), 40))


@case("few-by-property", "spark.sql.shuffle.partitions is 2 for eight slots", must="few-partitions", may=IDLE,
      runs="4.0- 3.5-", sql__shuffle__partitions="2")
def few_by_property(run: Run) -> None:
    rows = numbers(run, 600, 8).select((F.col("id") * 31).alias("k"))
    discard(waiting(rows.groupBy("k").count(), 40))


@case("few-by-adaptive", "adaptive execution merges a small but slow shuffle into one partition",
      must="few-partitions", may=IDLE, runs="4.0 3.5")
def few_by_adaptive(run: Run) -> None:
    rows = numbers(run, 500, 8).select((F.col("id") * 31).alias("k"))
    discard(waiting(rows.groupBy("k").count(), 30))


@case("few-in-scan", "one gzip file of input, read by one task", must="few-partitions", may=IDLE, runs="4.0")
def few_in_scan(run: Run) -> None:
    folder = run.marker("one-file")
    os.makedirs(folder)
    with gzip.open(os.path.join(folder, "all.csv.gz"), "wt") as f:
        for row in range(400):
            f.write(f"{row},{os.urandom(100).hex()}\n")
    discard(waiting(run.spark.read.schema("k long, v string").csv(folder), 30))


@case("tiny-by-property", "1000 shuffle partitions for 5000 small rows", must="tiny-tasks", runs="4.0- 3.5-",
      sql__shuffle__partitions="1000")
def tiny_by_property(run: Run) -> None:
    numbers(run, 5000, 8).select((F.col("id") * 31).alias("k")).groupBy("k").count().agg(F.sum("count")).collect()


@case("tiny-by-code", "repartition(1200) of 5000 rows", must="tiny-tasks", runs="4.0")
def tiny_by_code(run: Run) -> None:
    discard(numbers(run, 5000, 8).repartition(1200))


@case("tiny-in-rdd", "an RDD of 5000 numbers cut into 1000 partitions", must="tiny-tasks", may=PYTHON, runs="3.5")
def tiny_in_rdd(run: Run) -> None:
    run.sc.parallelize(range(5000), 1000).map(lambda i: i + 1).count()


@case("small-files-read", "1500 files of a few bytes", must="small-files", may={
    "tiny-tasks": "many files give short tasks"}, runs="4.0 3.5", sql__files__openCostInBytes="64k")
def small_files_read(run: Run) -> None:
    discard(run.spark.read.schema("k long, v string").csv(run.path("data/many-files")))


@case("small-files-written", "40 partitions each write 32 directories: 1280 files of a few rows", must="small-files",
      runs="4.0 3.5")
def small_files_written(run: Run) -> None:
    (numbers(run, 20_000, 8).withColumn("day", F.col("id") % 32).repartition(40)
     .write.mode("overwrite").partitionBy("day").parquet(run.path("many-out")))
    waves(run, 16, 1000)


@case("python-udf", "a row-at-a-time Python UDF of 5 ms a row", must="python-cost", runs="4.0 3.5-")
def python_udf(run: Run) -> None:
    slow = F.udf(sleep_in_python(5), "long")
    discard(numbers(run, 16_000, 16).select(slow("id").alias("v")))


@case("two-troubles-skew-few", "a skewed stage and, later, a stage of one task", must="task-skew few-partitions",
      may=IDLE, runs="4.0")
def two_troubles(run: Run) -> None:
    discard(numbers(run, 240, 24).selectExpr(
        "id", "java_method('java.lang.Thread', 'sleep', if(id = 77, 18000L, 80L)) as waited"))
    discard(waiting(numbers(run, 150, 8).coalesce(1), 40))
