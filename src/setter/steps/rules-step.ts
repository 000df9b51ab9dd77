import type { Configuration } from '../history-run.ts';
import { faultsOf } from '../launch-properties.ts';
import { LEAST_HEAP_MIB, packNode, USUAL_HEAP_PER_CORE_MIB } from '../packing.ts';
import { PLATFORMS } from '../../spark/platform.ts';
import type { Priority, Question } from '../question.ts';
import type { Step } from '../step.ts';

const PARTITION_BYTES = 128 * 2 ** 20;
const USUAL_CORES = 4;
const DRIVER_MIB = 2048;
/** How often each slot is filled: fewer waves end sooner and cost more. */
const WAVES: Readonly<Record<Priority, number>> = { performance: 1, balanced: 3, cost: 6 };

/** Rules from the size of the input alone: nothing is known of how long it takes. */
export function rulesStep(question: Question): Step {
  const { inputBytes, priority, limits } = question;
  const tasks = Math.max(1, Math.ceil(inputBytes / PARTITION_BYTES));
  const [packing] =
    limits.node === undefined
      ? []
      : packNode(PLATFORMS[limits.platform], limits.node, { heapPerCoreMib: USUAL_HEAP_PER_CORE_MIB });
  const coresPerExecutor = packing?.coresPerExecutor ?? USUAL_CORES;
  const most = Math.min(
    limits.maxExecutors,
    limits.nodes === undefined || packing === undefined ? Infinity : limits.nodes * packing.executorsPerNode,
  );
  const executors = Math.max(1, Math.min(most, Math.ceil(tasks / (coresPerExecutor * WAVES[priority]))));
  const slots = executors * coresPerExecutor;
  const configuration: Configuration = {
    executors,
    coresPerExecutor,
    memoryMib: packing?.heapMib ?? Math.max(LEAST_HEAP_MIB, coresPerExecutor * USUAL_HEAP_PER_CORE_MIB),
    // Whole waves: the last one is as full as the others.
    shufflePartitions: Math.max(2 * slots, Math.ceil(tasks / slots) * slots),
    driverCores: 1,
    driverMemoryMib: DRIVER_MIB,
    isDynamic: false,
  };
  const faults = faultsOf(configuration, limits);
  return {
    name: 'rules',
    candidates: faults.length === 0 ? [{ configuration }] : [],
    reasons: {
      num_executors: `input in pieces of 128 MiB: ${tasks}, each core taking up to ${WAVES[priority]} of them`,
      executor_cores: packing === undefined ? 'usual' : 'fills a node best',
      executor_memory_mb: packing === undefined ? '2 GiB for each core' : 'what the node holds',
      shuffle_partitions: 'at least two tasks for each core, in whole waves',
    },
    caveats: ['from the size of the input alone: how long it takes is not known', ...faults],
    basedOn: [],
  };
}
