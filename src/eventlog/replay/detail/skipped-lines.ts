const MAX_EXAMPLES = 10;
const MAX_REASON = 200;

/** Lines of a log that were no event: how many, and where the first ones stood. */
export class SkippedLines {
  count = 0;
  readonly examples: string[] = [];

  /** @param place - `file:line` */
  add(place: string, reason: string): void {
    this.count++;
    if (this.examples.length < MAX_EXAMPLES) this.examples.push(`${place} ${reason.slice(0, MAX_REASON)}`);
  }

  /** These and more, as a new object. */
  with(more: readonly (readonly [place: string, reason: string])[]): SkippedLines {
    const all = new SkippedLines();
    all.count = this.count;
    all.examples.push(...this.examples);
    for (const [place, reason] of more) all.add(place, reason);
    return all;
  }
}
