import { expect } from 'chai';
import { maskAssignments, maskOptions } from '../../../src/util/redaction/assignments.ts';
import { isOrdinaryValue } from '../../../src/util/redaction/ordinary-values.ts';
import { createRedactor } from '../../../src/util/redaction/redactor.ts';
import { judgeKey } from '../../../src/util/redaction/secret-keys.ts';
import {
  maskAuthorization,
  maskPrivateKeys,
  maskTokens,
  maskUserInfo,
} from '../../../src/util/redaction/secret-shapes.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const LENGTH = 100_000;
const MAX_MS = 50;

/** Pieces that begin what a pattern looks for and never end it. */
const PIECES =
  'a|A|aA|a1|1|0.|=|:|::|://|://a:b/|://a:|x@|:@|@|-|--|--a |--password |-----BEGIN |-----BEGIN PRIVATE KEY-----|-----BEGIN RSA|-----END |eyJ|eyJaaaaaaaa.|eyJaaaaaaaa.aaaaaaaa|AKIA|AKIAAAAAAAAAAAAAAAA|ghp_|github_pat_|glpat-|xoxb-|sk_live_|AIza|8Q~|aaa8Q~|SG.|SG.aaaaaaaaaaaaaaaa.|sk-|00000000:AA|hooks.slack.com/services/|bearer |Basic |token%20|password=|password="|password=\'|password={|password=a,|password=a&|password=\\"|"password":"|password: |<password>|token>|key|secret.|jdbc:oracle:thin:a/|jdbc:oracle:a:|\\|\\"|{|{{|${|}|)|,|;|&|,a=|&a=|%41|***| |\n|\t|é|\u{1F600}|org.a.|file:/|/a|./|-_'.split(
    '|',
  );

const mask = (): string => '***';
const redactor = createRedactor({ hashKey: 'k' });
const FUNCTIONS: Readonly<Record<string, (text: string) => unknown>> = {
  maskTokens: (text) => maskTokens(text, mask),
  maskAuthorization: (text) => maskAuthorization(text, mask),
  maskPrivateKeys: (text) => maskPrivateKeys(text, mask),
  maskUserInfo: (text) => maskUserInfo(text, mask),
  maskAssignments: (text) => maskAssignments(text, mask, judgeKey),
  maskOptions: (text) => maskOptions(text, mask, judgeKey),
  judgeKey,
  'isOrdinaryValue near': (text) => isOrdinaryValue(text, 'near-secret'),
  'isOrdinaryValue secret': (text) => isOrdinaryValue(text, 'secret'),
};

describe('util/redaction: no text of 100 KB makes it slow', function () {
  this.timeout(120_000);
  const random = seededRandom(4711);
  const pick = (): string => PIECES[Math.floor(random() * PIECES.length)]!;
  const fill = (unit: string): string => unit.repeat(Math.ceil(LENGTH / unit.length)).slice(0, LENGTH);
  const texts = [
    ...PIECES.map(fill),
    ...PIECES.map((piece) => piece + fill('a')),
    ...PIECES.map((piece) => fill('a ') + piece),
    ...PIECES.map((piece) => `${fill(piece)} @`),
    ...Array.from({ length: 40 }, () => fill(pick() + pick())),
    ...Array.from({ length: 10 }, () =>
      Array.from({ length: LENGTH / 5 }, pick)
        .join('')
        .slice(0, LENGTH),
    ),
  ];

  for (const [name, run] of Object.entries(FUNCTIONS)) {
    it(`${name} takes at most ${MAX_MS} ms for each of ${texts.length} texts`, () => {
      const slow = texts.filter((text) => fastestOf(3, () => run(text)) > MAX_MS).map((text) => text.slice(0, 40));

      expect(slow).to.deep.equal([]);
    });
  }

  it('the redactor takes at most four times that, for it is eight searches', () => {
    const slow = texts
      .filter((text) => fastestOf(3, () => redactor.property('spark.token.x', text)) > 4 * MAX_MS)
      .map((text) => text.slice(0, 40));

    expect(slow).to.deep.equal([]);
  });
});

/** CPU milliseconds of the fastest run, stopping at the first that is fast: others may need the machine, too. */
function fastestOf(runs: number, work: () => unknown): number {
  let fastest = Infinity;
  for (let run = 0; run < runs && fastest > MAX_MS; run++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    fastest = Math.min(fastest, (user + system) / 1000);
  }
  return fastest;
}
