#!/usr/bin/env python3
"""The application of the sweep: tasks that wait, as tasks that ask another system do.

It reads text, spreads it over spark.sql.shuffle.partitions, sorts each partition
(which spills when memory is short) and then waits in proportion to the records,
and once for each partition as for a connection.  Waiting takes no core, so twice the slots are
really nearly twice as fast, also on a machine of two cores.  All of it runs in the
JVM: no Python worker is started.

    python sweep-app.py generate INPUT MIB
    spark-submit --master 'local-cluster[4,4,2048]' sweep-app.py INPUT
    python sweep-app.py batch      # {"input": INPUT, "conf": {...}} a line on standard input

`batch` runs one application after the other in one driver process: each has a
SparkContext, executors and an event log of its own, and the driver's JVM is warm.
"""
import json
import os
import random
import sys

ROW_BYTES = 100
# A record in so many waits, chosen by its key; few long waits feel a busy machine less than many short ones.
ROWS_PER_WAIT = 320
# A MiB waits 12 s in all.
WAIT_MS = 365
CONNECTION_MS = 100
# Sorted rows are this much wider than what was read, so that little input needs real memory.
WIDTH = int(os.environ.get("SWEEP_WIDTH", "5"))
MEMORY_FRACTION = os.environ.get("SWEEP_MEMORY_FRACTION", "0.05")


def generate(folder: str, mib: float) -> None:
    """Text of random words, one row of 100 bytes a line, in files of one MiB."""
    rnd = random.Random(7)
    partial = f"{folder}.partial"
    os.makedirs(partial, exist_ok=True)
    rows = int(mib * 1024 * 1024 / ROW_BYTES)
    per_file = 1024 * 1024 // ROW_BYTES
    for part in range(0, rows, per_file):
        with open(os.path.join(partial, f"part-{part // per_file:03d}.txt"), "w") as file:
            for _ in range(part, min(rows, part + per_file)):
                file.write(f"{rnd.getrandbits(396):099x}\n")
    os.rename(partial, folder)


def run(folder: str, conf: dict) -> str:
    """One application. @returns its id"""
    from pyspark.sql import SparkSession, functions as F

    builder = (SparkSession.builder.appName("sweep")
               .config("spark.sql.adaptive.enabled", "false")
               .config("spark.sql.files.maxPartitionBytes", "1m")
               .config("spark.memory.fraction", MEMORY_FRACTION)
               # Compiling would take longer than the little work there is.
               .config("spark.sql.codegen.wholeStage", "false")
               .config("spark.sql.codegen.factoryMode", "NO_CODEGEN"))
    for key, value in conf.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    rows = spark.read.text(folder).select(
        F.xxhash64("value").alias("k"), F.concat_ws("", *([F.col("value")] * WIDTH)).alias("wide"))
    parts = int(spark.conf.get("spark.sql.shuffle.partitions"))
    in_order = rows.repartition(parts, "k").sortWithinPartitions("k")
    # The low 33 bits of the id count the rows of a partition.
    waits = in_order.withColumn("nth", F.expr("monotonically_increasing_id() & 8589934591")).withColumn(
        "waited", F.expr("reflect('java.lang.Thread', 'sleep', cast("
                         f"if(nth = 0, {CONNECTION_MS}, 0) + if(pmod(k, {ROWS_PER_WAIT}) = 0, {WAIT_MS}, 0) AS bigint))"))
    waits.write.format("noop").mode("overwrite").save()
    application = spark.sparkContext.applicationId
    spark.stop()
    return application


def batch() -> None:
    """Answers each line with the application's id, or with what went wrong."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"application": run(asked["input"], asked["conf"])}
        except Exception as error:  # noqa: BLE001 - the next application may do better
            from pyspark.sql import SparkSession
            active = SparkSession.getActiveSession()
            if active is not None:
                active.stop()
            answer = {"error": str(error)[:500]}
        print("ANSWER " + json.dumps(answer), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate(sys.argv[2], float(sys.argv[3]))
    elif sys.argv[1] == "batch":
        batch()
    else:
        run(sys.argv[1], {})
