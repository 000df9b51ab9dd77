/** Enough for the call sites of a large application; beyond it texts are simply not shared. */
const MAX_TEXTS = 10_000;

/** Gives equal texts as one, so that a thousand stages of one call site hold one stack trace. */
export class TextPool {
  readonly #texts = new Map<string, string>();

  intern(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < MAX_TEXTS) this.#texts.set(text, text);
    return text;
  }
}
