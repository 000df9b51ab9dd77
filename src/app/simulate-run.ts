import type { RunDetail } from '../documents/run-detail.ts';
import { runLabel, type RunKey } from '../documents/run-key.ts';
import type { RawDocument } from '../documents/documents.ts';
import { learnFromStore, type StoredRun } from '../simulation/knowledge.ts';
import type { OwnRun } from '../simulation/own-runs.ts';
import { runDetailFromRest } from '../simulation/rest-run.ts';
import { simulate, type Simulation } from '../simulation/simulate.ts';
import { sparkPropertiesOf } from '../spark/property-text.ts';
import type { Store } from '../store/store.ts';
import { RunNotFoundError } from './find-run.ts';

export interface SimulateRunOptions {
  /** Sizes to simulate; the powers of two around the run's own size when empty. */
  readonly executors: readonly number[];
  readonly coresPerExecutor?: number | undefined;
  readonly set: Readonly<Record<string, string>>;
}

/** Beyond this many stored runs the effects of size are known well enough; the newest count. */
const MOST_RUNS_TO_LEARN_FROM = 60;

/** Input of two runs within this ratio counts as the same amount. */
const SAME_SIZE_RATIO = 1.15;

interface Known {
  readonly key: RunKey;
  readonly application: string;
  readonly detail: RunDetail;
  readonly properties: Readonly<Record<string, string>>;
  readonly inputBytes: number;
}

/**
 * Simulates a stored run on other resources, with what the other stored runs teach about size.
 *
 * @throws RunNotFoundError `RUN_WITHOUT_DETAIL` when neither its tasks nor its raw document are stored
 */
export async function simulateRun(store: Store, key: RunKey, options: SimulateRunOptions): Promise<Simulation> {
  const run = await known(store, key);
  if (run === undefined) {
    throw new RunNotFoundError(
      'RUN_WITHOUT_DETAIL',
      `Neither tasks nor stages of ${runLabel(key)} are stored: read it from its event log with spot collect, or switch raw documents on (raw_index)`,
    );
  }
  const others = await otherRuns(store, run);
  const own = others.filter((other) => other.application === run.application && isSameSize(other, run));
  const learned = others.filter((other) => other.application !== run.application);
  return simulate(run.detail, {
    executors: options.executors.length === 0 ? sizesAround(run.detail) : options.executors,
    coresPerExecutor: options.coresPerExecutor,
    properties: run.properties,
    ...(Object.keys(options.set).length === 0 ? {} : { set: options.set }),
    ...(learned.length === 0 ? {} : { knowledge: learnFromStore(learned satisfies readonly StoredRun[]) }),
    ownRuns: own satisfies readonly OwnRun[],
  });
}

async function known(store: Store, key: RunKey): Promise<Known | undefined> {
  const [raw, detail, aggregate] = await Promise.all([
    store.readRaw(key),
    store.readDetail(key),
    store.readAggregate(key),
  ]);
  const told = detail ?? (raw === undefined ? undefined : fromRest(raw));
  if (aggregate === undefined || told === undefined) return undefined;
  const properties = sparkPropertiesOf(
    aggregate.attempt.environment['sparkProperties'] as Readonly<Record<string, unknown>>,
  );
  return {
    key,
    application: aggregate.app_specific_data.tag,
    detail: told,
    properties,
    inputBytes: inputOf(told),
  };
}

function fromRest(raw: RawDocument): RunDetail {
  const [attempt] = raw.attempts;
  const { allexecutors, stages, jobs = [] } = attempt;
  return runDetailFromRest({ attempt, allexecutors, stages, jobs });
}

/** The newest other runs whose tasks are stored. */
async function otherRuns(store: Store, run: Known): Promise<readonly Known[]> {
  const found: Known[] = [];
  for await (const key of store.findKeys({ cluster: run.key.cluster }, { limit: MOST_RUNS_TO_LEARN_FROM })) {
    if (key.appId === run.key.appId && key.attemptId === run.key.attemptId) continue;
    const other = await known(store, key);
    if (other?.detail.quality.hasEnd === true) found.push(other);
  }
  return found;
}

function inputOf(detail: RunDetail): number {
  return detail.stages.reduce((sum, stage) => sum + (stage.sums['inputBytes'] ?? 0), 0);
}

function isSameSize(a: Known, b: Known): boolean {
  const [small, large] = [Math.min(a.inputBytes, b.inputBytes), Math.max(a.inputBytes, b.inputBytes)];
  return large <= small * SAME_SIZE_RATIO;
}

/** Powers of two from one executor to four times what the run had. */
function sizesAround(detail: RunDetail): readonly number[] {
  const had = Math.max(1, detail.executors.filter(({ id }) => id !== 'driver').length);
  const sizes: number[] = [];
  for (let size = 1; size <= had * 4; size *= 2) sizes.push(size);
  return sizes.includes(had) ? sizes : [...sizes, had].sort((a, b) => a - b);
}
