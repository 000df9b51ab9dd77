"""Streams that fall behind or grow."""
from pyspark.sql import functions as F

from case import IDLE, Run, case, waiting

SMALL = "local-cluster[1,4,1024]"


def start(run: Run, frame, name: str, trigger: str, mode: str = "append"):
    return (frame.writeStream.outputMode(mode).format("noop").queryName(name)
            .option("checkpointLocation", run.marker("checkpoint")).trigger(processingTime=trigger).start())


@case("late-batches", "each batch takes 2.5 s, the trigger is one second", must="streaming-batches",
      may={**IDLE, "few-partitions": "a source of two partitions"}, runs="4.0 3.5", master=SMALL)
def late_batches(run: Run) -> None:
    source = run.spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 40).option("numPartitions", 2).load()
    query = start(run, waiting(source, 120), "late", "1 second")
    query.awaitTermination(30)
    query.stop()


@case("growing-state", "distinct values are remembered for ever, without a watermark", must="streaming-batches",
      may={**IDLE}, runs="4.0 3.5", master=SMALL, sql__shuffle__partitions="2")
def growing_state(run: Run) -> None:
    source = (run.spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 300).option("numPartitions", 2).load())
    query = start(run, source.dropDuplicates(["value"]), "distinct", "2 seconds")
    query.awaitTermination(60)
    query.stop()
