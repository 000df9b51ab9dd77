import type { TaskRecord } from '../task-record.ts';
import type { LineScanner } from './line-scanner.ts';
import { Literal } from './literal.ts';

const ID = Literal.of('{"ID":');
const NAME = Literal.of(',"Name":');
const UPDATE = Literal.of(',"Update":');
const VALUE = Literal.of(',"Value":');
const INTERNAL = Literal.of(',"Internal":');
const COUNT_FAILED = Literal.of(',"Count Failed Values":');
const METADATA = Literal.of(',"Metadata":');

/** Stages whose accumulators are known at a time: as many as may well run at once. */
const MAX_STAGES = 64;
const MAX_LEARNED = 2000;
/** A stage of a few tasks is over before learning has paid. */
const TASKS_BEFORE_LEARNING = 4;
/** A task leaves out what is zero for it: so many are passed over before an accumulator counts as another one. */
const LOOK_AHEAD = 8;

/** An accumulator as the tasks of a stage write it: all but its two numbers is always the same. */
interface Learned {
  readonly id: number;
  /** `{"ID":7,"Name":"duration","Update":"` */
  readonly head: Literal;
  /** `","Value":"` */
  readonly middle: Literal;
  /** `","Internal":true,"Count Failed Values":true,"Metadata":"sql"}` */
  readonly tail: Literal;
  /** Whether the update is a text: so Spark writes those of SQL metrics, while its internal ones are numbers. */
  readonly isText: boolean;
}

interface LearnedStage {
  readonly learned: Learned[];
  tasks: number;
}

/** Where a number stands in the line; `from` is `to` where there is none. */
interface Scalar {
  readonly from: number;
  readonly to: number;
  readonly value: number;
  readonly isText: boolean;
}

/**
 * The accumulators at the end of a task, of which a SQL stage has dozens.
 *
 * How each is written is learned once for a stage; from then on its bytes are compared and its two numbers read.
 */
export class Accumulables {
  readonly #record: TaskRecord;
  readonly #wantsUser: boolean;
  readonly #learnedByStage = new Map<number, LearnedStage>();

  /** @param wantsUser - whether accumulators of the program are wanted: a task that has some is then left to the parser */
  constructor(record: TaskRecord, wantsUser: boolean) {
    this.#record = record;
    this.#wantsUser = wantsUser;
  }

  /** Takes the list. @param wantsUpdates - whether updates that are texts with a whole number go into the record */
  take(scanner: LineScanner, wantsUpdates: boolean): boolean {
    if (!scanner.takeOpenList()) return false;
    if (scanner.takeCloseList()) return true;
    const stage = this.#stage(this.#record.stageId);
    const { learned } = stage;
    const learns = ++stage.tasks > TASKS_BEFORE_LEARNING && learned.length < MAX_LEARNED;
    let next = 0;
    do {
      const place = this.#takeLearned(scanner, learned, next, wantsUpdates);
      next = place >= 0 ? place + 1 : this.#takeOther(scanner, learned, next, wantsUpdates, learns);
      if (next < 0) return false;
    } while (scanner.takeComma());
    return scanner.takeCloseList();
  }

  #stage(stageId: number): LearnedStage {
    let stage = this.#learnedByStage.get(stageId);
    if (stage === undefined) {
      if (this.#learnedByStage.size >= MAX_STAGES) this.#learnedByStage.clear();
      stage = { learned: [], tasks: 0 };
      this.#learnedByStage.set(stageId, stage);
    }
    return stage;
  }

  /** @returns its place among the learned ones, or -1 and nothing has been taken */
  #takeLearned(scanner: LineScanner, learned: readonly Learned[], from: number, wantsUpdates: boolean): number {
    const start = scanner.place;
    const to = Math.min(from + LOOK_AHEAD, learned.length);
    for (let place = from; place < to; place++) {
      const one = learned[place];
      if (one === undefined || !scanner.take(one.head)) continue;
      if (scanner.number()) {
        const update = scanner.value;
        if (scanner.take(one.middle) && scanner.number() && scanner.take(one.tail)) {
          if (one.isText && wantsUpdates) this.#record.addUpdate(one.id, update);
          return place;
        }
      }
      scanner.back(start);
      return -1;
    }
    return -1;
  }

  /** Reads any form, and may learn it. @returns where to go on among the learned ones, or -1 if this is no accumulator */
  #takeOther(scanner: LineScanner, learned: Learned[], from: number, wantsUpdates: boolean, learns: boolean): number {
    const start = scanner.place;
    if (!scanner.take(ID) || !scanner.number()) return -1;
    const id = scanner.value;
    if (scanner.take(NAME) && !scanner.skipText()) return -1;
    const update = scanner.take(UPDATE) ? takeScalar(scanner, wantsUpdates) : ABSENT;
    const value = scanner.take(VALUE) ? takeScalar(scanner, false) : ABSENT;
    if (update === undefined || value === undefined || !this.#takeFlags(scanner)) return -1;

    if (wantsUpdates && update.isText && update.to > update.from) this.#record.addUpdate(id, update.value);
    if (!learns || update.to === update.from || value.to === value.from) return from;
    const known = learned.findIndex((one) => one.id === id);
    const place = known < 0 ? from : known;
    const head = scanner.between(start, update.from);
    const middle = scanner.between(update.to, value.from);
    const tail = scanner.between(value.to, scanner.place);
    learned.splice(place, known < 0 ? 0 : 1, { id, head, middle, tail, isText: update.isText });
    return place + 1;
  }

  #takeFlags(scanner: LineScanner): boolean {
    const isInternal = scanner.take(INTERNAL);
    if (isInternal && !scanner.boolean()) return false;
    if (this.#wantsUser && (!isInternal || scanner.value === 0)) return false;
    if (scanner.take(COUNT_FAILED) && !scanner.boolean()) return false;
    if (scanner.take(METADATA) && !scanner.skipText()) return false;
    return scanner.takeCloseObject();
  }
}

const ABSENT: Scalar = { from: 0, to: 0, value: 0, isText: false };

/**
 * A number, or a text, which may hold a number.
 *
 * @param isWanted - then a text that begins as a number must be one that can be read here
 */
function takeScalar(scanner: LineScanner, isWanted: boolean): Scalar | undefined {
  const isText = scanner.isAtQuote;
  const start = scanner.place;
  if (isText) scanner.takeQuote();
  const from = scanner.place;
  const mayBeNumber = scanner.isAtDigit;
  if (scanner.number()) {
    const { value, place: to } = scanner;
    if (!isText || scanner.takeQuote()) return { from, to, value, isText };
  }
  if (!isText || (isWanted && mayBeNumber)) return undefined;
  scanner.back(start);
  return scanner.skipText() ? { ...ABSENT, isText } : undefined;
}
