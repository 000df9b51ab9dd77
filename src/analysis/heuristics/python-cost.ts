import { nodesOf } from '../computed/plan-nodes.ts';
import { asWallClock, offCpuMs } from '../computed/off-cpu.ts';
import { stagesSubject } from '../computed/stage-text.ts';
import { shorterTasks } from '../computed/shorter-tasks.ts';
import { defineHeuristic, severityOf, type Observation } from '../heuristic.ts';
import { milder } from '../severity.ts';

/**
 * Finds stages whose time went into Python: functions of RDDs, and row-at-a-time UDFs in SQL.
 *
 * Each row is pickled to a Python process and back. What Python took is not measured by Spark: it is the time in which
 * the JVM of a task neither computed nor collected garbage nor fetched, which on a busy host is an upper bound.
 */
export const pythonCost = defineHeuristic({
  id: 'python-cost',
  title: 'Rows are worked on inside the JVM',
  failureTitle: 'Tasks wait for Python, row by row',
  inputs: ['run', 'stages', 'jobs', 'sql'],
  thresholds: {
    offCpuShare: { low: 0.5, moderate: 0.7, severe: 0.85, critical: 0.95, unit: 'ratio' },
    leastRunTimeMs: { value: 10_000, unit: 'ms' },
  },
  evaluate({ run, stages, jobs, sql }, { offCpuShare, leastRunTimeMs }) {
    const udfs = new Set(
      sql
        .filter(
          ({ plan }) => plan !== undefined && nodesOf(plan).some(({ name }) => name.startsWith('BatchEvalPython')),
        )
        .map(({ id }) => id),
    );
    const kindOf = (stageId: number, name: string): 'udf' | 'rdd' | undefined => {
      const job = jobs.find(({ stageIds }) => stageIds.includes(stageId));
      if (job?.sqlExecutionId !== undefined) return udfs.has(job.sqlExecutionId) ? 'udf' : undefined;
      return /\.py:\d+$|PythonRDD/.test(`${job?.callSite ?? ''} ${name}`.trim()) || /\.py:\d+/.test(name)
        ? 'rdd'
        : undefined;
    };
    const found = stages.flatMap((stage) => {
      const kind = stage.succeededTasks > 0 ? kindOf(stage.stageId, stage.name) : undefined;
      return kind === undefined ? [] : [{ stage, kind }];
    });
    return [...Map.groupBy(found, ({ kind }) => kind)].flatMap(([kind, of]): Observation[] => {
      const inPython = of.map(({ stage }) => stage).sort((a, b) => offCpuMs(b) - offCpuMs(a));
      const runTimeMs = inPython.reduce((sum, { sums }) => sum + (sums['executorRunTime'] ?? 0), 0);
      const waitedMs = inPython.reduce((sum, stage) => sum + offCpuMs(stage), 0);
      if (runTimeMs < leastRunTimeMs.value) return [];
      const severity = severityOf(waitedMs / runTimeMs, offCpuShare);
      return [
        {
          // A program of RDD functions is a choice; a UDF among Spark's own functions is mostly an oversight.
          severity: milder(severity, kind === 'rdd' ? 'low' : 'moderate'),
          subject: stagesSubject(inPython),
          facts: {
            kind,
            stages: inPython.slice(0, 20).map(({ stageId }) => stageId),
            outsideJvmMs: waitedMs,
            runTimeMs,
            outsideJvmShare: waitedMs / runTimeMs,
          },
          gain: {
            kind: 'time',
            claimMs: {
              low: 0,
              high: inPython.reduce((sum, stage) => sum + asWallClock(offCpuMs(stage), stage, run.slots), 0),
            },
            remedy: (id) =>
              shorterTasks(
                id,
                new Map(
                  inPython.map((stage) => [
                    stage.stageId,
                    offCpuMs(stage) / Math.max(1, stage.sums['executorRunTime'] ?? 0),
                  ]),
                ),
              ),
          },
          fix:
            kind === 'udf'
              ? {
                  text: 'Use Spark’s own functions, or let rows travel in Arrow batches (types are converted a little differently: test it).',
                  ...((run.sparkVersion ?? 0) >= 3.4
                    ? { set: { 'spark.sql.execution.pythonUDF.arrow.enabled': 'true' } }
                    : {}),
                }
              : {
                  text: 'Say it with DataFrames and Spark’s own functions; what must stay Python, do on whole batches (mapInPandas, mapInArrow).',
                },
        },
      ];
    });
  },
});
