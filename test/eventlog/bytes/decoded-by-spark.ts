export const CORPUS_LOGS = new URL('../../fixtures/spark-corpus/logs/', import.meta.url);

/**
 * Lines, bytes and the first 16 digits of the SHA-256 of each log as Spark's own decoders give it: zstd-jni, lz4-java,
 * snappy-java and compress-lzf from the jars of PySpark 4.0.1.
 */
export const DECODED_BY_SPARK: readonly (readonly [file: string, lines: number, bytes: number, sha256: string])[] = [
  ['app-20261121084635-0000', 40, 157340, 'f1997cd1b34af3f1'],
  ['app-20261121084136-0000.lzf', 32, 139738, 'e50f37cc10660056'],
  ['app-20261121085601-0000.lz4', 63, 308616, '0e0ecbc46ddff8cc'],
  ['app-20261121083842-0000.zstd', 45, 239203, '9e28f912ea7b9c4a'],
  ['app-20261121083804-0000.zstd', 89, 310759, '82d518acd677e8f5'],
  ['eventlog_v2_app-20261121084333-0000/events_1_app-20261121084333-0000.snappy', 24, 152244, '80ac67117b4183d2'],
  ['eventlog_v2_app-20261121084120-0000/events_1_app-20261121084120-0000.snappy', 36, 180442, 'b33becd6970c525a'],
  ['eventlog_v2_app-20261121083643-0000/events_1_app-20261121083643-0000.zstd', 102, 489988, '8b2f974482ee1f99'],
  ['eventlog_v2_app-20261121084052-0000/events_1_app-20261121084052-0000.zstd', 31, 173794, '84f76e8e89a2c835'],
  [
    'eventlog_v2_application_1795250787152_0001_1/events_1_application_1795250787152_0001_1.zstd',
    31,
    181701,
    '63294c3adf6e6797',
  ],
  [
    'eventlog_v2_application_1795250787152_0001_2/events_1_application_1795250787152_0001_2.zstd',
    65,
    332758,
    '84b8ac074eb2b6d2',
  ],
];
