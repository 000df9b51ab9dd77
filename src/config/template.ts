import type { Section } from './section.ts';

const WIDTH = 110;

/**
 * The text of config.ini.template: every section, above each key why it exists, every key commented out at its default.
 *
 * `npm run docs:config` writes it; a test keeps the committed file equal to it.
 */
export function configTemplate(sections: readonly Section[]): string {
  const parts = sections.map((section) => [
    ...wrap(section.about, '# '),
    ...(section.keysByLabel === undefined ? [`[${section.name}]`] : exampleOf(section.name, section.keysByLabel)),
    '',
    ...Object.entries(section.keys).flatMap(([key, spec]) => [
      ...wrap(
        [spec.about, unitSentence(spec.unit), choicesSentence(spec.choices)].filter((part) => part !== '').join(' '),
        '; ',
      ),
      `;${key} = ${spec.default}`,
      '',
    ]),
  ]);
  return `${HEADER}\n${parts.map((lines) => lines.join('\n')).join('\n')}`;
}

/** A section with a table for each label is shown by its first one: all of them would bury the rest. */
function exampleOf(name: string, keysByLabel: NonNullable<Section['keysByLabel']>): string[] {
  return Object.entries(keysByLabel)
    .slice(0, 1)
    .flatMap(([label, keys]) => [
      `[${name} ${label}]`,
      ...Object.entries(keys).map(([key, spec]) => `;${key} = ${spec.default}`),
    ]);
}

const HEADER = `# Spot's configuration. Copy it to config.ini, and uncomment what you change: every key has a default.
# Any key may also come from the environment as SPOT_<SECTION>_<KEY>, and any secret from a file as <key>_file = PATH.
`;

/** docs/configuration.md: the same table for readers. */
export function configReference(sections: readonly Section[]): string {
  const parts = sections.map((section) => {
    const rows = Object.entries(section.keys).map(
      ([key, spec]) =>
        `| \`${key}\` | ${[spec.type, spec.unit].filter(Boolean).join(', ')} | ${spec.default === '' ? '' : `\`${spec.default}\``} | ${cell([spec.about, choicesSentence(spec.choices)].join(' '))} |`,
    );
    const ignored = Object.entries(section.ignored ?? {}).map(([key, reason]) => `| \`${key}\` | ${cell(reason)} |`);
    if (section.keysByLabel !== undefined) {
      const example = exampleOf(section.name, section.keysByLabel).map((line) => line.replace(/^;/, ''));
      return [`## [${section.name} NAME]`, '', section.about, '', '```ini', ...example, '```', ''].join('\n');
    }
    return [
      `## [${section.name}]${section.repeatable === true ? ' (may occur several times, as `[' + section.name + ' NAME]`)' : ''}`,
      '',
      section.about,
      '',
      '| key | type | default | what it does |',
      '|---|---|---|---|',
      ...rows,
      ...(ignored.length === 0
        ? []
        : [
            '',
            'Accepted from a configuration of the original Spot, without effect:',
            '',
            '| key | why |',
            '|---|---|',
            ...ignored,
          ]),
      '',
    ].join('\n');
  });
  return parts.join('\n');
}

function cell(text: string): string {
  return text.trim().replaceAll('|', '\\|');
}

function unitSentence(unit: string | undefined): string {
  return unit === undefined ? '' : `In ${unit}.`;
}

function choicesSentence(choices: readonly string[] | undefined): string {
  return choices === undefined ? '' : `One of: ${choices.join(', ')}.`;
}

function wrap(text: string, prefix: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + word.length + 1 > WIDTH) {
      lines.push(prefix + line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, prefix + line];
}
