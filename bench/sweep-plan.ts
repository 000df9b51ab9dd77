/** The plan of the sweep: which settings of sweep-app.py are run. Deterministic: the same seed, the same plan. */
import { seededRandom } from '../src/regression/random.ts';
import type { SweepSetting } from '../scripts/spark/sweep.ts';

const SIZES_MIB = [1, 2, 4, 6] as const;
const EXECUTORS = [1, 2, 3, 4] as const;
const CORES = [1, 2, 4] as const;
const MEMORY_MIB = [512, 768, 1024, 1536] as const;
const PARTITIONS = [4, 8, 16, 32, 64, 128] as const;

/** What a run about takes, so that none is planned that takes minutes: waiting alone. */
function waitSeconds(inputMib: number, slots: number, partitions: number): number {
  const perTask = (12 * inputMib) / partitions + 0.1;
  return Math.ceil(partitions / slots) * perTask;
}

/** Settings in random order, each a different one; the last `repeats` are the first ones again. */
export function sweepPlan(settings: number, repeats: number, seed = 1): SweepSetting[] {
  const random = seededRandom(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const plan = new Map<string, SweepSetting>();
  while (plan.size < settings) {
    const [inputMib, executors, cores, memory, partitions] = [SIZES_MIB, EXECUTORS, CORES, MEMORY_MIB, PARTITIONS].map(
      (values) => one<number>(values),
    ) as [number, number, number, number, number];
    if (waitSeconds(inputMib, executors * cores, partitions) > 20) continue;
    const id = [inputMib, executors, cores, memory, partitions].join('-');
    plan.set(id, {
      id,
      inputMib,
      conf: {
        'spark.cores.max': String(executors * cores),
        'spark.executor.cores': String(cores),
        'spark.executor.memory': `${memory}m`,
        'spark.sql.shuffle.partitions': String(partitions),
      },
    });
  }
  const first = [...plan.values()];
  return [...first, ...first.slice(0, repeats).map((setting) => ({ ...setting, id: `${setting.id}-again` }))];
}

if (import.meta.main) for (const setting of sweepPlan(58, 6)) console.log(JSON.stringify(setting));
