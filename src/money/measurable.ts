/** Something that cannot be told from what is stored, with the reason: never guessed. */
export interface NotMeasurable {
  /** Ends a sentence that begins with `not measurable, because`. */
  readonly because: string;
}

export function isNotMeasurable(value: object): value is NotMeasurable {
  return 'because' in value;
}
