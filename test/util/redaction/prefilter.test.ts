import { expect } from 'chai';
import { suspect } from '../../../src/util/redaction/prefilter.ts';
import { maskAssignments, maskOptions } from '../../../src/util/redaction/assignments.ts';
import { judgeKey } from '../../../src/util/redaction/secret-keys.ts';
import {
  maskAuthorization,
  maskPrivateKeys,
  maskTokens,
  maskUserInfo,
} from '../../../src/util/redaction/secret-shapes.ts';
import { createRedactor } from '../../../src/util/redaction/redactor.ts';
import { plantSecrets } from '../../support/planted-secrets.ts';

/** One token of each maker and its scheme, in the form the maker publishes; the characters are made up. */
const A = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6';
const HEX = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';
const TOKENS: readonly string[] = [
  ...['AKIA', 'ASIA', 'AROA', 'AIDA', 'ABIA', 'ACCA'].map((prefix) =>
    `${prefix}IOSFODNN7EXAMPLE`.slice(0, 20).replace('7', '2'),
  ),
  `eyJhbGciOiJI.eyJzdWIiOiIx.${A}`,
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_', 'glpat-', 'gldt-', 'glrt-', 'gloas-', 'glcbt-'].map(
    (prefix) => prefix + A.slice(0, 36),
  ),
  ...['xoxa-', 'xoxb-', 'xoxc-', 'xoxe-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-1-'].map(
    (prefix) => prefix + A.slice(0, 24),
  ),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'whsec_'].map((prefix) => prefix + A.slice(0, 24)),
  `AIza${A.slice(0, 35)}`,
  `ya29.${A}`,
  `GOCSPX-${A.slice(0, 28)}`,
  `abc8Q~${A.slice(0, 34)}`,
  `dapi${HEX.slice(0, 32)}-2`,
  `dkea${HEX.slice(0, 32)}`,
  `hf_${A.slice(0, 34)}`,
  `npm_${A.slice(0, 36)}`,
  `pypi-${A}`,
  `SG.${A.slice(0, 22)}.${A.slice(0, 43)}`,
  ...['hvs.', 'hvb.', 'hvr.'].map((prefix) => prefix + A.slice(0, 30)),
  ...['dop_v1_', 'doo_v1_', 'dor_v1_'].map((prefix) => prefix + HEX),
  `sk-ant-${A}`,
  `ATATT${A}`,
  `SK${HEX.slice(0, 32)}`,
  `key-${HEX.slice(0, 32)}`,
  ...['shpat_', 'shpca_', 'shppa_', 'shpss_'].map((prefix) => prefix + HEX.slice(0, 32)),
  `sq0atp-${A.slice(0, 24)}`,
  `NRAK-${A.toUpperCase().slice(0, 27)}`,
  `AGE-SECRET-KEY-1${A.toUpperCase().repeat(2).slice(0, 58)}`,
  `123456789:AA${A.slice(0, 33)}`,
  `https://hooks.slack.com/services/T00000000/B00000000/${A.slice(0, 24)}`,
  ...[
    'Bearer',
    'bearer',
    'BEARER',
    'Negotiate',
    'negotiate',
    'Digest',
    'ApiKey',
    'apikey',
    'APIKEY',
    'Token',
    'token',
    'TOKEN',
  ].map((scheme) => `${scheme} ${A}`),
  ...['Basic', 'basic', 'BASIC'].map((scheme) => `${scheme} dXNlcjpodW50ZXIy`),
  `Bearer%20${A}`,
];

describe('util/redaction/prefilter', () => {
  const searches = [maskPrivateKeys, maskTokens, maskAuthorization, maskUserInfo] as const;
  const searchAll = (text: string): string => {
    const mask = (): string => '***';
    const found = searches.reduce((result, search) => search(result, mask), text);
    return maskOptions(maskAssignments(found, mask, judgeKey), mask, judgeKey);
  };

  it('suspects every text that the searches would change', () => {
    const planted = plantSecrets(77, 300).flatMap(({ key, value }) => [
      value,
      `${key}=${value}`,
      `"${key}" : "${value}"`,
      `${key}: ${value}`,
    ]);
    const changed = [...TOKENS, ...planted].filter((text) => searchAll(text) !== text);

    expect(changed.length).to.be.above(700);
    expect(changed.filter((text) => suspect(text) === 0)).to.deep.equal([]);
  });

  it('lets the redactor find what the searches find without it', () => {
    const redactor = createRedactor({ hashKey: 'k' });

    const missed = TOKENS.filter((token) => redactor.text(`see ${token} there`) === `see ${token} there`);

    expect(missed).to.deep.equal([]);
  });

  it('spares what a stage is full of: times, line numbers, class names', () => {
    const texts = [
      '2026-11-21T08:56:13.298GMT',
      'save at NativeMethodAccessorImpl.java:0',
      'org.apache.spark.sql.classic.DataFrameWriter.save(DataFrameWriter.scala:126)\njava.base/java.lang.Thread.run(Thread.java:840)',
      'mapPartitions at PythonRDD.scala:193',
    ];

    expect(texts.map(suspect)).to.deep.equal([0, 0, 0, 0]);
  });
});
