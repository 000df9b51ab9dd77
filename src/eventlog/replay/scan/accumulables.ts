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

/** Accumulators of Spark itself have a few hundred names. */
const MAX_FORMS = 2000;
/** A task leaves out what is zero for it, so that one accumulator may be followed by this one or that. */
const MAX_SUCCESSORS = 4;

/** How an accumulator of some name is written: all but its id and its two numbers, whatever the stage. */
interface Form {
  /** `,"Name":"duration","Update":"` */
  readonly head: Literal;
  /** `","Value":"` */
  readonly middle: Literal;
  /** `","Internal":true,"Count Failed Values":true,"Metadata":"sql"}` */
  readonly tail: Literal;
  /** Whether the update is a text: so Spark writes those of SQL metrics, while its internal ones are numbers. */
  readonly isText: boolean;
  /** What came after it, the latest first. */
  successors: readonly Form[];
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
 * Forms are learned as they are met, and what followed one the last time is expected to follow it again: its bytes
 * are then only compared.
 */
export class Accumulables {
  readonly #record: TaskRecord;
  readonly #forms = new Map<string, Form>();
  /** Before the first accumulator of a task. */
  readonly #outset: Form = { head: ID, middle: ID, tail: ID, isText: false, successors: [] };

  #wantsUser = false;

  constructor(record: TaskRecord) {
    this.#record = record;
  }

  /**
   * Takes the list.
   *
   * @param wantsUpdates - whether updates that are texts with a whole number go into the record
   * @param wantsUser - whether accumulators of the program are wanted: a task that has some is then left to the parser
   */
  take(scanner: LineScanner, wantsUpdates: boolean, wantsUser: boolean): boolean {
    this.#wantsUser = wantsUser;
    if (!scanner.takeOpenList()) return false;
    if (scanner.takeCloseList()) return true;
    let last = this.#outset;
    do {
      if (!scanner.take(ID) || !scanner.number()) return false;
      const id = scanner.value;
      const next =
        this.#takeExpected(scanner, last, id, wantsUpdates) ?? this.#takeOther(scanner, last, id, wantsUpdates);
      if (next === undefined) return false;
      last = next;
    } while (scanner.takeComma());
    return scanner.takeCloseList();
  }

  /** Takes one of the forms that followed the last one before, or nothing. */
  #takeExpected(scanner: LineScanner, last: Form, id: number, wantsUpdates: boolean): Form | undefined {
    const start = scanner.place;
    for (const form of last.successors) {
      if (!scanner.take(form.head)) continue;
      if (scanner.number()) {
        const update = scanner.value;
        if (scanner.take(form.middle) && scanner.number() && scanner.take(form.tail)) {
          if (form.isText && wantsUpdates) this.#record.addUpdate(id, update);
          return form;
        }
      }
      scanner.back(start);
    }
    return undefined;
  }

  /** Takes any form, and learns it. @returns `undefined` if this is no accumulator that can be read here */
  #takeOther(scanner: LineScanner, last: Form, id: number, wantsUpdates: boolean): Form | undefined {
    const start = scanner.place;
    if (scanner.take(NAME) && !scanner.skipText()) return undefined;
    const update = scanner.take(UPDATE) ? takeScalar(scanner, wantsUpdates) : ABSENT;
    const value = scanner.take(VALUE) ? takeScalar(scanner, false) : ABSENT;
    if (update === undefined || value === undefined || !this.#takeFlags(scanner)) return undefined;

    const hasUpdate = update.to > update.from;
    if (wantsUpdates && update.isText && hasUpdate) this.#record.addUpdate(id, update.value);
    if (!hasUpdate || value.to === value.from) return this.#outset;
    const form = this.#formOf(scanner, start, update, value);
    if (form === undefined) return this.#outset;
    last.successors = [form, ...last.successors.filter((other) => other !== form)].slice(0, MAX_SUCCESSORS);
    return form;
  }

  #formOf(scanner: LineScanner, start: number, update: Scalar, value: Scalar): Form | undefined {
    const parts = [
      scanner.textBetween(start, update.from),
      scanner.textBetween(update.to, value.from),
      scanner.textBetween(value.to, scanner.place),
    ];
    const key = parts.join('\n');
    const known = this.#forms.get(key);
    if (known !== undefined || this.#forms.size >= MAX_FORMS) return known;
    const form: Form = {
      head: scanner.between(start, update.from),
      middle: scanner.between(update.to, value.from),
      tail: scanner.between(value.to, scanner.place),
      isText: update.isText,
      successors: [],
    };
    this.#forms.set(key, form);
    return form;
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
