/** Logs each entry of `entries.json` in the folder of its argument, in every format and to every kind of transport. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSpotLogger } from '../../src/app/logging.ts';
import { createRedactor } from '../../src/util/redaction/redactor.ts';

const [folder = ''] = process.argv.slice(2);
const entries = JSON.parse(readFileSync(join(folder, 'entries.json'), 'utf8')) as readonly {
  readonly message: string;
  readonly fields: readonly (readonly [string, unknown])[];
}[];
const logger = createSpotLogger(
  {
    level: 'info',
    transports: [
      { type: 'console', format: 'json' },
      { type: 'file', format: 'json', path: join(folder, 'json.log'), maxBytes: 1024 ** 3 },
      { type: 'file', format: 'text', path: join(folder, 'text.log'), maxBytes: 1024 ** 3 },
    ],
  },
  createRedactor({ hashKey: 'test-only' }),
);
for (const { message, fields } of entries) {
  const plain = fields.map(([key, value]) => [key, isBigint(value) ? BigInt(value.bigint) : value] as const);
  logger.info(message, Object.fromEntries(plain));
}

function isBigint(value: unknown): value is { readonly bigint: string } {
  return typeof value === 'object' && value !== null && 'bigint' in value && typeof value.bigint === 'string';
}
