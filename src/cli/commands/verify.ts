import { crawlerSection } from '../../crawler/config.ts';
import { verifySource, type VerifyFinding } from '../../crawler/verify.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { table, type Column } from '../table.ts';

const COLUMNS: readonly Column<VerifyFinding>[] = [
  { title: 'WHAT', cell: (finding) => finding.discrepancy },
  { title: 'CLUSTER', cell: (finding) => finding.cluster },
  { title: 'RUN', cell: (finding) => finding.run },
  { title: 'WHY', cell: (finding) => finding.reason ?? '' },
];

/** `spot verify`: is everything that the servers list in the store? */
export function verifyCommand(host: CommandHost) {
  return defineCommand(
    {
      name: 'verify',
      summary: 'compare the whole list of each source with the store; exit code 1 when something is missing',
      formats: ['table', 'json'],
      examples: ['spot verify', 'spot verify --format json && echo complete'],
    },
    host,
    (command) => command,
    async ({ spot, output, signal }, options) => {
      const store = await spot.openStore('read');
      const { completion_timeout_seconds: settleSeconds, orphan_after_hours: orphanAfterHours } =
        spot.config.of(crawlerSection).settings;
      const sources = await spot.openSources();
      const reports = await Promise.all(
        sources.map((source) =>
          verifySource(source, store, { signal, now: spot.environment.now(), settleSeconds, orphanAfterHours }),
        ),
      );
      const findings = reports.flatMap((report) => report.findings);
      if (options.format === 'json') {
        await output.json(reports);
      } else {
        if (findings.length > 0) await output.line(table(findings, COLUMNS));
        for (const { cluster, listed, stored, noLongerListed, findings: own } of reports) {
          await output.line(
            `${cluster}: ${listed} runs listed, ${stored} stored (${noLongerListed} no longer listed), ${own.length === 0 ? 'nothing missing' : `${own.length} to look at`}`,
          );
        }
      }
      return findings.length === 0 ? EXIT.ok : EXIT.failed;
    },
  );
}
