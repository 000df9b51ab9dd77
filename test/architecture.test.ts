import { expect } from 'chai';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const { forbidden = [], options = {} } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as IConfiguration;

interface Planted {
  /** The rule that must object; undefined for an import that is right. */
  readonly rule: string | undefined;
  readonly from: string;
  readonly to: string;
}

/** One import each, as docs/ARCHITECTURE.md forbids or allows it. A rule that does not object to its own matches nothing. */
const PLANTED: readonly Planted[] = [
  { rule: 'no-cycles', from: 'src/util/a.ts', to: 'src/util/b.ts' },
  // Closes the cycle, which is told once, for the file that comes first.
  { rule: undefined, from: 'src/util/b.ts', to: 'src/util/a.ts' },
  { rule: 'ring-0', from: 'src/spark/sizes.ts', to: 'src/documents/raw.ts' },
  { rule: undefined, from: 'src/spark/times.ts', to: 'src/util/text.ts' },
  { rule: 'ring-1', from: 'src/documents/build.ts', to: 'src/aggregations/stages.ts' },
  { rule: 'ring-1-apart', from: 'src/config/section.ts', to: 'src/logging/logger.ts' },
  { rule: undefined, from: 'src/documents/ids.ts', to: 'src/spark/plain.ts' },
  { rule: 'ring-2', from: 'src/analysis/skew.ts', to: 'src/store/store.ts' },
  { rule: 'ring-2', from: 'src/comparison/stages.ts', to: 'src/app/wire.ts' },
  { rule: 'ring-2', from: 'src/series/baseline.ts', to: 'src/store/store.ts' },
  { rule: 'ring-2', from: 'src/eventlog/replay.ts', to: 'src/sources/run-source.ts' },
  { rule: undefined, from: 'src/analysis/spill.ts', to: 'src/documents/raw.ts' },
  { rule: 'ring-2-pure', from: 'src/aggregations/files.ts', to: 'node:fs' },
  { rule: 'ring-2-pure', from: 'src/aggregations/files-later.ts', to: 'node:fs/promises' },
  { rule: 'ring-2-pure', from: 'src/series/clock.ts', to: 'luxon' },
  { rule: 'ring-2-pure', from: 'src/comparison/files.ts', to: 'node:fs' },
  { rule: 'ring-2-pure', from: 'src/simulation/net.ts', to: 'undici' },
  { rule: 'ring-2-pure', from: 'src/simulation/clock.ts', to: 'luxon' },
  { rule: 'ring-2-pure', from: 'src/regression/database.ts', to: 'node:sqlite' },
  { rule: 'ring-2-pure', from: 'src/analysis/search.ts', to: '@elastic/elasticsearch' },
  { rule: 'ring-2', from: 'src/money/prices.ts', to: 'src/app/wire.ts' },
  { rule: 'ring-2-pure', from: 'src/money/book.ts', to: 'node:fs' },
  { rule: undefined, from: 'src/aggregations/text.ts', to: 'node:util' },
  { rule: 'ring-3', from: 'src/store/sqlite/store.ts', to: 'src/crawler/crawler.ts' },
  { rule: 'adapters-apart', from: 'src/store/sqlite/queries.ts', to: 'src/store/elasticsearch/queries.ts' },
  { rule: 'adapters-apart', from: 'src/sources/event-log/source.ts', to: 'src/store/elasticsearch/queries.ts' },
  { rule: undefined, from: 'src/store/sqlite/rows.ts', to: 'src/store/sqlite/columns.ts' },
  { rule: undefined, from: 'src/store/sqlite/port.ts', to: 'src/store/store.ts' },
  { rule: 'ring-4', from: 'src/crawler/loop.ts', to: 'src/store/elasticsearch/queries.ts' },
  { rule: 'ring-4', from: 'src/alerts/book.ts', to: 'src/store/elasticsearch/queries.ts' },
  { rule: undefined, from: 'src/crawler/save.ts', to: 'src/store/store.ts' },
  { rule: 'ring-5', from: 'src/api/route.ts', to: 'src/store/sqlite/queries.ts' },
  { rule: undefined, from: 'src/api/listing.ts', to: 'src/store/store.ts' },
  { rule: 'ring-6', from: 'src/app/spot.ts', to: 'src/cli/main.ts' },
  { rule: undefined, from: 'src/cli/command.ts', to: 'src/app/wire.ts' },
  { rule: 'winston-in-app', from: 'src/crawler/log.ts', to: 'winston' },
  { rule: undefined, from: 'src/app/logging.ts', to: 'winston' },
  { rule: 'no-test-in-src', from: 'src/app/fake.ts', to: 'test/support/fake.ts' },
];

describe('.dependency-cruiser.cjs', () => {
  let violations: readonly { rule: string; from: string; to: string }[];
  let project: string;

  before(async function () {
    this.timeout(30_000);
    project = mkdtempSync(join(tmpdir(), 'spot-architecture-'));
    plant(project);
    const { output } = await cruise(['src'], {
      ...options,
      baseDir: project,
      validate: true,
      ruleSet: { forbidden },
      tsConfig: { fileName: join(project, 'tsconfig.json') },
    });
    violations = (output as ICruiseResult).summary.violations.map(({ rule, from, to }) => ({
      rule: rule.name,
      from,
      to,
    }));
  });

  after(() => {
    rmSync(project, { recursive: true });
  });

  for (const { rule, from, to } of PLANTED) {
    it(rule === undefined ? `lets ${from} import ${to}` : `${rule} objects when ${from} imports ${to}`, () => {
      const rules = violations.filter((violation) => violation.from === from).map((violation) => violation.rule);

      expect([...new Set(rules)]).to.deep.equal(rule === undefined ? [] : [rule]);
    });
  }

  it('has a planted violation for every rule', () => {
    const planted = new Set(PLANTED.map(({ rule }) => rule));

    expect(forbidden.map(({ name }) => name).filter((name) => !planted.has(name))).to.deep.equal([]);
  });
});

/** A project with the planted imports: every file exports one name, and uses the one it imports. */
function plant(project: string): void {
  writeFileSync(join(project, 'tsconfig.json'), readFileSync(join(ROOT, 'tsconfig.json')));
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  const importers = new Map(PLANTED.map(({ from, to }) => [from, to]));
  const targets = PLANTED.map(({ to }) => to).filter((to) => to.endsWith('.ts') && !importers.has(to));

  for (const file of targets) write(project, file, '');
  for (const [from, to] of importers) {
    const specifier = to.endsWith('.ts') ? `${'../'.repeat(from.split('/').length - 1)}${to}` : to;
    write(project, from, `import * as it from '${specifier}';\nexport const used = it;\n`);
  }
}

function write(project: string, file: string, text: string): void {
  const path = join(project, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text || 'export const plain = 1;\n');
}
