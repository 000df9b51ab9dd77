import { allocationPolicy } from './allocation-policy.ts';
import type { Cluster, ClusterExecutor } from './replay.ts';
import { commonest } from './prepare.ts';
import type { RunModel, SourceExecutor } from './run-model.ts';
import { mean } from './statistics.ts';

/** A size to simulate. */
export interface Size {
  /** With dynamic allocation: the most at a time. */
  readonly executors: number;
  readonly coresPerExecutor: number;
}

/** The executors as the log tells them came and went, for the self-check. */
export function clusterAsItWas(model: RunModel): Cluster {
  return {
    executors: model.executors
      .filter(({ used }) => used)
      .map((executor) => ({
        ...clusterExecutor(model, executor, executor.cores, executor.addedMs),
        removedMs: executor.removedMs,
      })),
  };
}

/**
 * The cluster of another size: executors arrive as the source's did, further ones with the source's mean step.
 *
 * Unless another number of cores is asked for, executors of unequal size stay unequal: their mix is repeated.
 */
export function clusterOfSize(
  model: RunModel,
  size: Size,
  properties: Readonly<Record<string, string>>,
  coresWereAsked: boolean,
): Cluster {
  const used = model.executors.filter((executor) => executor.used);
  const policy = allocationPolicy(properties, size.executors);
  const arrivals = used.map(({ addedMs }) => addedMs).sort((a, b) => a - b);
  const coresOf = (k: number): number =>
    coresWereAsked ? size.coresPerExecutor : (used[k % used.length]?.cores ?? size.coresPerExecutor);
  const executorAt = (k: number): ClusterExecutor =>
    clusterExecutor(
      model,
      used[k % Math.max(1, used.length)],
      coresOf(k),
      policy === undefined ? arrivalOf(arrivals, k) : (arrivals[0] ?? 0),
    );

  const profiles = new Set(model.stages.map(({ resourceProfileId }) => resourceProfileId));
  const others = used.filter(({ resourceProfileId }) => resourceProfileId !== 0 && profiles.has(resourceProfileId));
  const count = policy?.initialExecutors ?? size.executors;
  const executors = Array.from({ length: count }, (_, k) => ({
    ...executorAt(k),
    resourceProfileId: profiles.has(0) || others.length === 0 ? 0 : (others[0]?.resourceProfileId ?? 0),
  }));
  if (policy === undefined) {
    // Executors of a special resource profile are not what is being sized; they stay as they were.
    if (profiles.has(0))
      executors.push(...others.map((executor) => clusterExecutor(model, executor, executor.cores, executor.addedMs)));
    return { executors };
  }
  return {
    executors,
    policy,
    newExecutor: executorAt(0),
    requestLatencyMs: requestLatency(model, arrivals, policy.backlogMs),
  };
}

/** More slots than anybody could want. */
export const UNBOUNDED: Cluster = { executors: [], unbounded: true };

function clusterExecutor(
  model: RunModel,
  like: SourceExecutor | undefined,
  cores: number,
  addedMs: number,
): ClusterExecutor {
  return {
    slots: Math.max(1, Math.floor(cores / model.taskCpus)),
    cores,
    addedMs,
    removedMs: Infinity,
    resourceProfileId: like?.resourceProfileId ?? 0,
  };
}

/** Arrival of the k-th executor: as measured, beyond that the last one plus the mean step between them. */
function arrivalOf(sorted: readonly number[], k: number): number {
  const last = sorted.at(-1) ?? 0;
  const measured = sorted[k];
  if (measured !== undefined) return measured;
  const step = sorted.length < 2 ? 0 : (last - (sorted[0] ?? last)) / (sorted.length - 1);
  return last + step * (k - sorted.length + 1);
}

/** How long an executor took from being asked for: seen at the first one the backlog of the first job brought. */
function requestLatency(model: RunModel, arrivals: readonly number[], backlogMs: number): number {
  const later = arrivals.find((arrival) => arrival > model.firstJobMs + backlogMs);
  if (later !== undefined) return Math.max(0, later - Math.max(model.firstJobMs, arrivals[0] ?? 0) - backlogMs);
  return Math.max(0, mean(arrivals.slice(0, 1)));
}

export function sizeOfSource(model: RunModel): Size {
  return {
    executors: model.executorCount,
    coresPerExecutor:
      commonest(model.executors.filter(({ used }) => used).map(({ cores }) => cores)) ?? model.coresPerExecutor,
  };
}
