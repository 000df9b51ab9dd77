import type { CrawlObserver } from '../crawler/observer.ts';
import type { ErrorDocument } from '../documents/documents.ts';
import { runLabel, type RunKey } from '../documents/run-key.ts';
import type { Output } from './output.ts';
import { durationText } from './units.ts';

const BAR_WIDTH = 24;
/** A terminal is redrawn this often at most; a file or a pipe gets a line this often. */
const REDRAW_MS = 100;
const LINE_MS = 5000;

/** Shows how a single pass goes: a bar on a terminal, a line now and then elsewhere. */
export class CrawlProgress implements CrawlObserver, Disposable {
  readonly #output: Output;
  readonly #now: () => Date;
  readonly #started: number;
  readonly #failedRuns = new Set<string>();
  #toRead = 0;
  #saved = 0;
  #shownAt = 0;
  #hasStatus = false;

  constructor(output: Output, now: () => Date) {
    this.#output = output;
    this.#now = now;
    this.#started = now().getTime();
  }

  /** Runs whose last try failed. */
  get failed(): number {
    return this.#failedRuns.size;
  }

  workFound(
    cluster: string,
    work: { readonly toRead: number; readonly alreadyStored: number; readonly parked: number },
  ): void {
    this.#toRead += work.toRead;
    if (work.toRead === 0) return;
    this.note(
      `${cluster}: ${work.toRead} ${work.toRead === 1 ? 'run' : 'runs'} to read, ${work.alreadyStored} stored already.`,
    );
  }

  runSaved(key: RunKey): void {
    this.#saved += 1;
    this.#failedRuns.delete(`${key.cluster}~${runLabel(key)}`);
    this.#show();
  }

  runFailed(key: RunKey, error: ErrorDocument): void {
    this.#failedRuns.add(`${key.cluster}~${runLabel(key)}`);
    this.note(`  ${runLabel(key)} could not be read: ${error.spot.error.message} (${error.spot.error.code})`);
    this.#show();
  }

  listingFailed(cluster: string, error: ErrorDocument): void {
    this.note(`${cluster}: ${error.spot.error.message} (${error.spot.error.code})`);
  }

  storeFailed(error: Error): void {
    this.note(`  waiting for the store: ${error.message}`);
  }

  finish(sentence: string): void {
    this.note(`${sentence} (${durationText(this.#now().getTime() - this.#started)})`);
  }

  [Symbol.dispose](): void {
    this.#clear();
  }

  #show(): void {
    const now = this.#now().getTime();
    if (now - this.#shownAt < (this.#output.isTerminal ? REDRAW_MS : LINE_MS)) return;
    this.#shownAt = now;
    const done = this.#saved + this.#failedRuns.size;
    const seconds = (now - this.#started) / 1000;
    const counts = `${done}/${this.#toRead} runs, ${(done / Math.max(seconds, 0.001)).toFixed(1)} a second`;
    if (!this.#output.isTerminal) {
      this.#output.note(`  ${counts}`);
      return;
    }
    const filled = this.#toRead === 0 ? 0 : Math.round((done / this.#toRead) * BAR_WIDTH);
    this.#output.status(`  ${'█'.repeat(filled)}${'░'.repeat(Math.max(0, BAR_WIDTH - filled))} ${counts}`);
    this.#hasStatus = true;
  }

  /** A line that stays. */
  note(text: string): void {
    this.#clear();
    this.#output.note(text);
  }

  #clear(): void {
    if (this.#hasStatus) this.#output.status('');
    this.#hasStatus = false;
  }
}
