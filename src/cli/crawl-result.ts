import type { OnceReport } from '../crawler/crawler.ts';
import type { Store } from '../store/store.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** `12 runs stored, 1 could not be read. Store: sqlite:spot.sqlite` */
export function crawlSummary(report: OnceReport, failed: number, store: Store): string {
  const saved = savedBy(report);
  return `${saved} ${saved === 1 ? 'run' : 'runs'} stored, ${failed} could not be read. Store: ${store.description}`;
}

/** A single run that cannot be read fails nothing; a source that does not answer does, and so does reading nothing at all. */
export function crawlExitCode(report: OnceReport, failed: number): ExitCode {
  if (report.reports.some(({ ended }) => ended === 'stopped')) return EXIT.ok;
  const isLost = report.unreachable.length > 0 || report.reports.some(({ ended }) => ended === 'source-lost');
  if (isLost) return EXIT.unavailable;
  return savedBy(report) === 0 && failed > 0 ? EXIT.failed : EXIT.ok;
}

function savedBy({ reports }: OnceReport): number {
  return reports.reduce((sum, report) => sum + report.saved, 0);
}
