/** An answer other than 200, with its reason as text. */
export class RestError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, text: string, headers: Readonly<Record<string, string>> = {}) {
    super(text);
    this.name = new.target.name;
    this.status = status;
    this.headers = headers;
  }
}

export function notFound(text: string): RestError {
  return new RestError(404, text);
}

/** A parameter of the wrong kind: Spark's server answers that there is no such page. */
export function wrongParameter(name: string, wanted: string, got: string): RestError {
  return notFound(`Bad value for parameter "${name}".  Expected ${wanted}, got "${got}"`);
}

/** What Spark's server refuses with 500, as it does not expect it. */
export function refused(text: string): RestError {
  return new RestError(500, text);
}
