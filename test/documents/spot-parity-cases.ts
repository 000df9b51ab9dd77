import { readFileSync } from 'node:fs';
import { buildRawDocument } from '../../src/documents/build-raw-document.ts';
import type { RawDocument } from '../../src/documents/documents.ts';
import { classify } from '../../src/integrations/enricher.ts';
import type { ApplicationEnvironmentInfo, ApplicationInfo, ExecutorSummary, StageData } from '../../src/spark/rest.ts';
import { keepAll } from './sample-run.ts';

export const PARITY_CASES = ['smoke-wordcount', 'failed-app', 'no-jobs-local'] as const;
export type ParityCase = (typeof PARITY_CASES)[number];

/** A file of test/fixtures/spot-parity; its README says where they are from. */
export function parityFile(name: ParityCase, file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/spot-parity/${name}/${file}.json`, import.meta.url), 'utf8'));
}

/** Spot's raw document of the same answers. */
export function parityRaw(name: ParityCase, redact = keepAll): RawDocument {
  const [application] = parityFile(name, 'applications') as ApplicationInfo[];
  return buildRawDocument({
    application: application!,
    attempt: application!.attempts[0]!,
    parts: {
      allexecutors: parityFile(name, 'allexecutors') as ExecutorSummary[],
      stages: parityFile(name, 'stages') as StageData[],
      environment: parityFile(name, 'environment') as ApplicationEnvironmentInfo,
    },
    host: 'localhost',
    cluster: 'parity',
    processedAt: new Date(Date.UTC(2026, 10, 22)),
    revision: 1,
    appSpecificData: classify(application!.name),
    redact,
  });
}

const RELATIVE_TOLERANCE = 1e-9;

/** Paths at which two JSON values differ, numbers by more than 1e-9 of their size; a value on one side only is one path. */
export function differences(ours: unknown, theirs: unknown, path = ''): readonly string[] {
  if (isContainer(ours) && isContainer(theirs)) {
    const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    return [...keys].flatMap((key) => differences(ours[key], theirs[key], path === '' ? key : `${path}/${key}`));
  }
  return isClose(ours, theirs) ? [] : [path];
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isClose(ours: unknown, theirs: unknown): boolean {
  if (typeof ours !== 'number' || typeof theirs !== 'number') return ours === theirs;
  return Math.abs(ours - theirs) <= RELATIVE_TOLERANCE * Math.max(Math.abs(ours), Math.abs(theirs));
}
