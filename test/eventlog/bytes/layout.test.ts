import { expect } from 'chai';
import fc from 'fast-check';
import { findLogs, type ListedFile } from '../../../src/eventlog/bytes/layout.ts';

function file(path: string, size = 1): ListedFile {
  return { path, size, modified: 0, version: '' };
}

function logsIn(
  ...paths: string[]
): { path: string; files: string[]; inProgress: boolean; compacted: boolean; gap?: string | undefined }[] {
  return findLogs(paths.map((path) => file(path))).map(({ path, files, inProgress, compacted, gap }) => ({
    path,
    files: files.map((f) => f.path),
    inProgress,
    compacted,
    ...(gap === undefined ? {} : { gap }),
  }));
}

describe('eventlog/bytes/layout', () => {
  it('takes each visible file as a log, and .inprogress as its state', () => {
    expect(logsIn('app-1', 'app-2_1.zstd', 'local-3.lz4.inprogress')).to.deep.equal([
      { path: 'app-1', files: ['app-1'], inProgress: false, compacted: false },
      { path: 'app-2_1.zstd', files: ['app-2_1.zstd'], inProgress: false, compacted: false },
      { path: 'local-3.lz4.inprogress', files: ['local-3.lz4.inprogress'], inProgress: true, compacted: false },
    ]);
  });

  it('leaves out hidden files and folders, checksums, and what is being copied', () => {
    const others = [
      '.app-1.crc',
      'app-1.crc',
      '_SUCCESS',
      '.hive-staging/app-2',
      'x/_temporary/app-3',
      'app-4._COPYING_',
      'app-5.tmp',
    ];

    expect(logsIn(...others)).to.deep.equal([]);
  });

  it('prefers the final name where a log is seen under both', () => {
    expect(logsIn('app-1.inprogress', 'app-1').map((log) => log.path)).to.deep.equal(['app-1']);
  });

  it('reads rolled files by number, not by name, and takes the state from appstatus', () => {
    const folder = 'eventlog_v2_app-1_2';
    const rolled = [10, 9, 2, 1, 3, 4, 5, 6, 7, 8].map((n) => `${folder}/events_${n}_app-1_2.zstd`);

    const [log, ...more] = logsIn(...rolled, `${folder}/appstatus_app-1_2.inprogress`);

    expect(more).to.deep.equal([]);
    expect(log).to.deep.equal({
      path: `${folder}/events_*_app-1_2`,
      files: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => `${folder}/events_${n}_app-1_2.zstd`),
      inProgress: true,
      compacted: false,
    });
  });

  it('finds a rolling log also when its folder is the root, or has another name', () => {
    expect(logsIn('events_1_a', 'appstatus_a', 'x/events_1_b', 'x/appstatus_b').map((log) => log.files)).to.deep.equal([
      ['events_1_a'],
      ['x/events_1_b'],
    ]);
  });

  it('takes a folder with appstatus only as no log yet', () => {
    expect(logsIn('eventlog_v2_a/appstatus_a.inprogress')).to.deep.equal([]);
  });

  it('begins with the last compacted file and leaves out what it stands for', () => {
    const names = [
      'events_1_a.zstd',
      'events_2_a.zstd.compact',
      'events_2_a.zstd',
      'events_4_a.zstd.compact',
      'events_4_a.zstd',
      'events_5_a.zstd',
      'events_3_a.zstd',
      'appstatus_a',
    ];

    expect(logsIn(...names)).to.deep.equal([
      { path: 'events_*_a', files: ['events_4_a.zstd.compact', 'events_5_a.zstd'], inProgress: false, compacted: true },
    ]);
  });

  it('tells which file of a rolling log is missing', () => {
    const gaps = [
      ['events_1_a', 'events_3_a'],
      ['events_2_a'],
      ['events_4_a.compact', 'events_6_a'],
      ['events_1_a', 'events_1_a.zstd'],
    ].map((names) => logsIn(...names)[0]?.gap);

    expect(gaps).to.deep.equal([
      'events file 2 is missing before 3',
      'events file 1 is missing before 2',
      'events file 5 is missing before 6',
      'events file 1 is there twice',
    ]);
  });

  it('puts the rollovers of a Databricks folder before its current file', () => {
    const folder = 'logs/0101-abc/eventlog/0101-abc_10_0_0_1/8436287';
    const names = [
      'eventlog',
      'eventlog-2026-11-21--11-00.gz',
      'eventlog-2026-11-21--10-00.gz',
      'eventlog-2026-11-20--23-50.gz',
    ];

    expect(logsIn(...names.map((name) => `${folder}/${name}`))).to.deep.equal([
      {
        path: `${folder}/eventlog`,
        files: names.toReversed().map((name) => `${folder}/${name}`),
        inProgress: false,
        compacted: false,
      },
    ]);
  });

  it('finds EMR logs wherever they lie', () => {
    const paths = [
      'application_1_0001',
      'j-1/sparklogs/application_1_0002_1',
      'applications/0/jobs/1/sparklogs/eventlog_v2_1/events_1_1',
    ];

    expect(logsIn(...paths).flatMap((log) => log.files)).to.have.members(paths);
  });

  it('gives each file to at most one log, in any order of the listing', () => {
    const part = fc.constantFrom(
      'a',
      'eventlog',
      'events_1_a',
      'events_2_a.zstd',
      'events_2_a.zstd.compact',
      'appstatus_a',
      'eventlog-2026-11-21--10-00.gz',
      'a.inprogress',
      '.x',
    );
    const paths = fc.uniqueArray(
      fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
      { maxLength: 12 },
    );
    const inOrder = (given: readonly string[]): string[][] =>
      logsIn(...given)
        .map((log) => log.files)
        .sort((x, y) => (x[0]! < y[0]! ? -1 : 1));
    fc.assert(
      fc.property(paths, (given) => {
        const found = inOrder(given);

        expect(new Set(found.flat()).size).to.equal(found.flat().length);
        expect(inOrder(given.toReversed())).to.deep.equal(found);
      }),
    );
  });
});
