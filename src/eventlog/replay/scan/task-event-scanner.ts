import { EXECUTOR_METRICS } from '../executor-metrics.ts';
import { INPUT, OUTPUT, SHUFFLE_PUSH, SHUFFLE_READ, SHUFFLE_WRITE, TOP_LEVEL } from '../task-metric-fields.ts';
import type { MetricField } from '../task-metric-fields.ts';
import { TaskRecord } from '../task-record.ts';
import { Accumulables } from './accumulables.ts';
import { LineScanner } from './line-scanner.ts';
import { Literal } from './literal.ts';
import type { FieldSpec, TakeValue } from './object-shape.ts';
import { ObjectShape } from './object-shape.ts';
import { remembered } from './remembered.ts';

const SUCCESS = Literal.of('{"Reason":"Success"}');
const TASK_START = Literal.of('{"Event":"SparkListenerTaskStart",');
const TASK_END = Literal.of('{"Event":"SparkListenerTaskEnd",');

/** What the scanner does not decide itself. */
export interface TaskScannerOptions {
  /** Whether accumulator updates of a stage attempt are wanted. */
  wantsUpdates(stageId: number, attemptId: number): boolean;
  /** Whether accumulators of the program are wanted: a task that has some is then left to the parser. */
  readonly wantsUserAccumulables: boolean;
}

/**
 * Reads the task events of Spark's own writer from the bytes of their lines.
 *
 * They are nine tenths of a log, and most of one is never needed. What comes in another form, and tasks that did not
 * succeed, are left to the parser.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/util/JsonProtocol.scala`, `taskEndToJson`
 */
export class TaskEventScanner {
  /** What the last line said, if it was a task event that could be read; valid until the next one. */
  readonly record = new TaskRecord();
  readonly #line = new LineScanner();
  readonly #start: ObjectShape;
  readonly #end: ObjectShape;
  readonly #accumulables = new Accumulables(this.record);
  #options: TaskScannerOptions = { wantsUpdates: () => false, wantsUserAccumulables: false };

  constructor() {
    const stage = this.#stageFields();
    const info: FieldSpec = ['Task Info', this.#taskInfo()];
    this.#start = new ObjectShape([...stage, info], ['Stage ID', 'Task Info']);
    this.#end = new ObjectShape(
      [
        ...stage,
        ['Task Type', (scanner) => scanner.skipText()],
        ['Task End Reason', (scanner) => scanner.take(SUCCESS)],
        info,
        ['Task Executor Metrics', takeExecutorMetrics(this.record)],
        ['Task Metrics', takeTaskMetrics(this.record)],
      ],
      ['Stage ID', 'Task End Reason', 'Task Info'],
    );
  }

  /** @returns which event the line is, now in {@link record}; `undefined` where it has to be parsed */
  scan(bytes: Buffer, start: number, end: number, options: TaskScannerOptions): 'start' | 'end' | undefined {
    this.#options = options;
    this.#line.open(bytes, start, end);
    if (this.#line.take(TASK_START)) return this.#taskStart() ? 'start' : undefined;
    return this.#line.take(TASK_END) && this.#taskEnd() ? 'end' : undefined;
  }

  #taskStart(): boolean {
    this.#reset();
    return this.#start.takeRest(this.#line, 1) && this.#line.isAtEnd;
  }

  #taskEnd(): boolean {
    this.#reset();
    this.record.reset();
    this.record.executorMetrics.fill(0);
    this.record.metrics.fill(0);
    return this.#end.takeRest(this.#line, 1) && this.#line.isAtEnd;
  }

  /** What stands for a key that an older Spark did not write. */
  #reset(): void {
    const { record } = this;
    record.attemptId = 0;
    record.attempt = 1;
    record.partitionId = -1;
    record.speculative = false;
    record.failed = false;
    record.killed = false;
  }

  #stageFields(): readonly FieldSpec[] {
    const { record } = this;
    return [
      // The name of the event has been taken: a second one would make it another event.
      ['Event', () => false],
      ['Stage ID', (scanner) => takeInt(scanner) && ((record.stageId = scanner.value), true)],
      ['Stage Attempt ID', (scanner) => takeInt(scanner) && ((record.attemptId = scanner.value), true)],
    ];
  }

  #taskInfo(): TakeValue {
    const { record } = this;
    const shape = new ObjectShape(
      [
        ['Task ID', (scanner) => scanner.number() && ((record.taskId = scanner.value), true)],
        ['Index', (scanner) => takeInt(scanner) && ((record.index = scanner.value), true)],
        ['Attempt', (scanner) => takeInt(scanner) && ((record.attempt = scanner.value), true)],
        ['Partition ID', (scanner) => takeInt(scanner) && ((record.partitionId = scanner.value), true)],
        ['Launch Time', (scanner) => scanner.number() && ((record.launchTime = scanner.value), true)],
        ['Executor ID', (scanner) => scanner.text() && ((record.executorId = scanner.string), true)],
        ['Host', (scanner) => scanner.text() && ((record.host = scanner.string), true)],
        ['Locality', (scanner) => scanner.text() && ((record.locality = scanner.string), true)],
        ['Speculative', (scanner) => scanner.boolean() && ((record.speculative = scanner.value === 1), true)],
        ['Getting Result Time', (scanner) => scanner.number() && ((record.gettingResultTime = scanner.value), true)],
        ['Finish Time', (scanner) => scanner.number() && ((record.finishTime = scanner.value), true)],
        ['Failed', (scanner) => scanner.boolean() && ((record.failed = scanner.value === 1), true)],
        ['Killed', (scanner) => scanner.boolean() && ((record.killed = scanner.value === 1), true)],
        ['Accumulables', (scanner) => this.#takeAccumulables(scanner)],
      ],
      ['Task ID', 'Index', 'Launch Time', 'Executor ID', 'Host', 'Locality', 'Getting Result Time', 'Finish Time'],
    );
    return (scanner) => shape.take(scanner);
  }

  #takeAccumulables(scanner: LineScanner): boolean {
    const { stageId, attemptId } = this.record;
    const { wantsUserAccumulables } = this.#options;
    return this.#accumulables.take(scanner, this.#options.wantsUpdates(stageId, attemptId), wantsUserAccumulables);
  }
}

function takeInt(scanner: LineScanner): boolean {
  return scanner.number() && (scanner.value | 0) === scanner.value;
}

function numberSlots(keys: readonly string[], into: Float64Array): FieldSpec[] {
  return keys.map((key, slot) => [key, { into, slot }]);
}

function takeExecutorMetrics({ executorMetrics }: TaskRecord): TakeValue {
  const shape = new ObjectShape(numberSlots(EXECUTOR_METRICS, executorMetrics));
  return remembered((scanner) => shape.take(scanner), executorMetrics);
}

function takeTaskMetrics(record: TaskRecord): TakeValue {
  const numbers = (fields: readonly MetricField[]): FieldSpec[] =>
    fields.map(([key, metric]) => [key, { into: record.metrics, slot: metric }]);
  const object = (fields: readonly FieldSpec[]): TakeValue => {
    const shape = new ObjectShape(fields);
    return (scanner) => shape.take(scanner);
  };
  const skip: TakeValue = (scanner) => scanner.skipValue();
  const beforeHeapPeaks = TOP_LEVEL.findIndex(([key]) => key === 'Result Size');
  return object([
    ...numbers(TOP_LEVEL.slice(0, beforeHeapPeaks)),
    ['Peak On Heap Execution Memory', skip],
    ['Peak Off Heap Execution Memory', skip],
    ...numbers(TOP_LEVEL.slice(beforeHeapPeaks)),
    [
      'Shuffle Read Metrics',
      object([
        ...numbers(SHUFFLE_READ),
        ['Push Based Shuffle', remembered(skip)],
        ['Shuffle Push Read Metrics', object(numbers(SHUFFLE_PUSH))],
      ]),
    ],
    ['Shuffle Write Metrics', object(numbers(SHUFFLE_WRITE))],
    ['Input Metrics', object(numbers(INPUT))],
    ['Output Metrics', object(numbers(OUTPUT))],
    ['Updated Blocks', skip],
  ]);
}
