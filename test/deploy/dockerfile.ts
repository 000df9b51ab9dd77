/** One instruction of a Dockerfile, its continued lines joined. */
export interface Instruction {
  readonly name: string;
  /** Without flags. */
  readonly text: string;
  readonly flags: Readonly<Record<string, string>>;
}

/** What stands between one `FROM` and the next. */
export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/**
 * Reads a Dockerfile as far as ours goes: no heredocs, no escapes, `ARG` before the first `FROM` alone.
 *
 * @see https://docs.docker.com/reference/dockerfile/
 */
export function readDockerfile(text: string): readonly Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  const variables = new Map<string, string>();
  for (const line of lines) {
    const instruction = instructionOf(line);
    if (instruction.name === 'ARG') {
      const [name = '', value = ''] = instruction.text.split('=');
      variables.set(name, value);
    } else if (instruction.name === 'FROM') {
      const [base = '', , name] = instruction.text.split(/\s+/);
      stages.push({
        base: base.replace(/\$\{(\w+)\}/, (_, variable: string) => variables.get(variable) ?? ''),
        name,
        instructions: [],
      });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

function instructionOf(line: string): Instruction {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const flags: Record<string, string> = {};
  while (words[0]?.startsWith('--') === true) {
    const [flag = '', value = ''] = (words.shift() ?? '').slice(2).split('=');
    flags[flag] = value;
  }
  return { name, text: words.join(' '), flags };
}

/** The exec form: a JSON list. */
export function wordsOf(text: string): readonly string[] {
  return JSON.parse(text) as readonly string[];
}
