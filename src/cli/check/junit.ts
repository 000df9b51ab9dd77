import type { Check, CheckReport } from '../../app/check-run.ts';

/**
 * The report as JUnit XML, which CI servers read: one test case a check; one that could not be decided is an error, for it is no pass.
 *
 * @see the schema of the Ant task `junitreport`, the form that Jenkins and GitLab document
 */
export function checkJunit({ run, name, against, checks }: CheckReport): string {
  const count = (status: Check['status']): number => checks.filter((check) => check.status === status).length;
  const totals = `tests="${checks.length}" failures="${count('failed')}" errors="${count('undecided')}"`;
  const suite = escaped(`spot check ${run} (${name}) against ${against}`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="${suite}" ${totals} skipped="0" time="0">`,
    ...checks.map((check) => testCase(run, check)),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

function testCase(run: string, { id, status, text, measured, limit }: Check): string {
  const open = `    <testcase classname="${escaped(`spot.check.${run}`)}" name="${escaped(id)}" time="0">`;
  const facts = escaped(`${text} (measured ${String(measured)}, limit ${String(limit)})`);
  if (status === 'passed') return `${open}\n      <system-out>${facts}</system-out>\n    </testcase>`;
  const element = status === 'failed' ? 'failure' : 'error';
  return `${open}\n      <${element} type="${id}" message="${escaped(text)}">${facts}</${element}>\n    </testcase>`;
}

/** Text for XML 1.0, in an attribute or between elements: what it cannot hold at all becomes U+FFFD. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;')
    .replaceAll(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
