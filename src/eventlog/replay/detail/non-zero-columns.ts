import type { TaskColumns } from '../../../documents/run-detail.ts';

/** Those columns that have something in them: most stages spill nothing, and read or write no shuffle. */
export type NonZeroColumns = Partial<Record<keyof TaskColumns, readonly number[]>>;

/** In the order of {@link TaskColumns}. */
const NAMES = Object.keys({
  index: 0,
  attempt: 0,
  launch: 0,
  duration: 0,
  executorRunTime: 0,
  executorCpuTimeMs: 0,
  jvmGcTime: 0,
  executorDeserializeTime: 0,
  executor: 0,
  status: 0,
  speculative: 0,
  inputBytes: 0,
  shuffleReadBytes: 0,
  shuffleWriteBytes: 0,
  memoryBytesSpilled: 0,
  diskBytesSpilled: 0,
  peakExecutionMemory: 0,
} satisfies Record<keyof TaskColumns, 0>) as readonly (keyof TaskColumns)[];

export function withoutZeros(columns: TaskColumns): NonZeroColumns {
  const kept: NonZeroColumns = {};
  for (const name of NAMES) if (columns[name].some((value) => value !== 0)) kept[name] = columns[name];
  return kept;
}

/** All columns again; those of zeros are one and the same array. @param rows - their length */
export function withZeros(kept: NonZeroColumns, rows: number): TaskColumns {
  const zeros = new Array<number>(rows).fill(0);
  // Each name of the type is one of them.
  return Object.fromEntries(NAMES.map((name) => [name, kept[name] ?? zeros])) as unknown as TaskColumns;
}
