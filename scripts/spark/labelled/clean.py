"""Nothing is injected: even tasks, enough of them, no failure. Whatever is found above low is a false alarm."""
import os

from pyspark.sql import functions as F

from case import TWO_BY_FOUR, Run, case, discard, numbers, payload, sleep_in_python, waiting, waves


@case("clean-map", "even tasks in three full waves, twice", runs="4.0 4.0- 3.5 3.5-")
def clean_map(run: Run) -> None:
    waves(run, 24, 1500, jobs=2)


@case("clean-shuffle", "an aggregation over even keys", runs="4.0 4.0- 3.5", sql__shuffle__partitions="16")
def clean_shuffle(run: Run) -> None:
    rows = numbers(run, 4800, 16).select((F.col("id") * 7919).alias("k"), payload(1).alias("v"))
    discard(waiting(waiting(rows, 4).repartition(16, "k").groupBy("k").agg(F.max("v").alias("v")), 5))


@case("clean-join", "a join of two tables of one size, keys even", runs="4.0 4.0- 3.5-",
      sql__shuffle__partitions="16", sql__autoBroadcastJoinThreshold="-1", sql__adaptive__autoBroadcastJoinThreshold="-1")
def clean_join(run: Run) -> None:
    left = numbers(run, 4800, 16).select(F.col("id").alias("k"), payload(2).alias("l"))
    right = numbers(run, 4800, 16).select(F.col("id").alias("k"), payload(2).alias("r"))
    discard(waiting(waiting(left, 3).join(right, "k"), 6))


@case("clean-broadcast-join", "a small table broadcast by Spark's own choice", runs="4.0 3.5")
def clean_broadcast_join(run: Run) -> None:
    facts = numbers(run, 2400, 24).select("id", (F.col("id") % 50).alias("k"))
    dims = numbers(run, 50, 1).select(F.col("id").alias("k"), F.md5(F.col("id").cast("string")).alias("name"))
    discard(waiting(facts.join(dims, "k"), 15))


@case("clean-many-jobs", "jobs one after the other, each fills the slots", runs="4.0 3.5-")
def clean_many_jobs(run: Run) -> None:
    waves(run, 8, 1500, jobs=8)


@case("clean-cache", "a cache that fits, used three times", runs="4.0 3.5")
def clean_cache(run: Run) -> None:
    kept = waiting(numbers(run, 1600, 16).select("id", payload(2).alias("v")), 20).cache()
    for _ in range(3):
        discard(waiting(kept.select("id"), 20))


@case("clean-parquet", "reads with a filter that reaches the scan, writes a few files", runs="4.0 3.5")
def clean_parquet(run: Run) -> None:
    few = run.spark.read.parquet(run.path("data/events")).where("id < 1600").repartition(16)
    waiting(few, 50).write.mode("overwrite").parquet(run.path("clean-parquet-out"))
    waves(run, 16, 1500)


@case("clean-streaming", "a stream whose batches take a fifth of their trigger", runs="4.0 3.5",
      master="local-cluster[1,4,1024]", sql__shuffle__partitions="2")
def clean_streaming(run: Run) -> None:
    counts = (run.spark.readStream.format("rate").option("rowsPerSecond", 20).option("numPartitions", 2).load()
              .withWatermark("timestamp", "2 seconds")
              .groupBy(F.window("timestamp", "1 second"), (F.col("value") % 3).alias("k")).count())
    query = (counts.writeStream.outputMode("update").format("noop").queryName("counts")
             .option("checkpointLocation", run.marker("checkpoint")).trigger(processingTime="3 seconds").start())
    query.awaitTermination(27)
    query.stop()


@case("clean-dynamic", "bounded dynamic allocation with steady work", runs="4.0", master=TWO_BY_FOUR,
      dynamicAllocation__enabled="true", dynamicAllocation__shuffleTracking__enabled="true",
      dynamicAllocation__minExecutors="2", dynamicAllocation__maxExecutors="2")
def clean_dynamic(run: Run) -> None:
    waves(run, 24, 1200, jobs=3)


@case("clean-short-tasks", "one short uneven stage in a long even run: nothing could be won", never="task-skew",
      runs="4.0 3.5-")
def clean_short_tasks(run: Run) -> None:
    discard(waiting(numbers(run, 16, 16).withColumn("v", F.col("id")), 5))
    run.sc.parallelize(range(16), 16).map(lambda i: sleep_in_python(150 if i == 3 else 10)(i)).count()
    waves(run, 24, 1500, jobs=2)


@case("clean-one-failure", "one task attempt of 64 fails at once and is repeated", never="failed-tasks failed-jobs",
      runs="4.0")
def clean_one_failure(run: Run) -> None:
    marker = run.marker("failed")

    def once_bad(index, rows):
        from case import once
        if index == 5 and once(marker):
            raise ValueError("a bad moment")
        return map(sleep_in_python(150), rows)
    run.sc.parallelize(range(640), 64).mapPartitionsWithIndex(once_bad).count()


@case("clean-small-product", "a product of two tables of fifty rows is meant", never="exploding-join", runs="4.0")
def clean_small_product(run: Run) -> None:
    pairs = numbers(run, 50, 1).crossJoin(numbers(run, 48, 1).withColumnRenamed("id", "b"))
    discard(waiting(pairs.repartition(24), 10))
    waves(run, 24, 1200)


@case("clean-python", "short Python functions among long stages", never="python-cost", runs="4.0")
def clean_python(run: Run) -> None:
    run.sc.parallelize(range(4000), 8).map(lambda i: (i % 7, 1)).reduceByKey(lambda a, b: a + b, 4).collect()
    waves(run, 24, 1500, jobs=2)
    os.stat(run.workdir)
