import type { Section } from '../config/section.ts';
import { configReference } from '../config/template.ts';

/** The text of docs/configuration.md. */
export function configurationPage(sections: readonly Section[]): string {
  return `# Configuration

Spot needs no configuration: it reads the History Server at \`http://localhost:18080/api/v1\` and writes an SQLite file.
What you change stands in a \`config.ini\`, found by \`--config FILE\`, \`$SPOT_CONFIG\`, \`./config.ini\` or \`/etc/spot/config.ini\`, in this order.
\`config.ini.template\` holds every key with its default; an empty value means that the key is not set.
An unknown section or key is an error that suggests the right one, so a misspelt key never passes silently.

Every key may also come from the environment as \`SPOT_<SECTION>_<KEY>\`, for example \`SPOT_CRAWLER_SLEEP_SECONDS\`; of a named section as \`SPOT_<SECTION>_<NAME>_<KEY>\`; a section whose name starts with \`SPOT_\` gets no second one (\`SPOT_ELASTICSEARCH_PASSWORD\`).
Every secret may also stand in a file of its own that \`<key>_file\` names.
In every path \`\${CREDENTIALS_DIRECTORY}\` and other variables are filled in, which is how systemd hands over credentials.
The environment wins over the file, the file over the default.

A configuration of the original AbsaOSS Spot is read as it is: its keys that have no meaning here are accepted with a warning that says why.

## Logging

\`--logging FILE\` names a \`logging.json\`; without it, Spot writes sentences to standard error.

| key | values | meaning |
|---|---|---|
| \`level\` | \`error\`, \`warn\`, \`info\`, \`debug\` | the least that is logged |
| \`transports[].type\` | \`console\`, \`file\` | standard error, or a file that is rotated |
| \`transports[].format\` | \`text\`, \`json\` | one sentence a line, or one JSON object a line |
| \`transports[].level\` | as \`level\` | only for this transport |
| \`transports[].path\`, \`maxBytes\`, \`maxFiles\` | text, bytes, number | for \`file\`: where, when to start a new file (10 MiB), how many to keep (3) |

${configReference(sections)}`;
}
