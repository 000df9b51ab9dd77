import type { JsonRecord } from './json-fields.ts';
import { booleanField, intField } from './json-fields.ts';

/** Where a block is kept. @see Spark, `core/src/main/scala/org/apache/spark/storage/StorageLevel.scala` */
export interface StorageLevel {
  readonly useDisk: boolean;
  readonly useMemory: boolean;
  readonly useOffHeap: boolean;
  readonly deserialized: boolean;
  readonly replication: number;
}

export function readStorageLevel(record: JsonRecord): StorageLevel {
  return {
    useDisk: booleanField(record, 'Use Disk'),
    useMemory: booleanField(record, 'Use Memory'),
    useOffHeap: booleanField(record, 'Use Off Heap'),
    deserialized: booleanField(record, 'Deserialized'),
    replication: intField(record, 'Replication'),
  };
}

/** Whether anything is kept at all: a block that was dropped is reported with a level that keeps nothing. */
export function isValidLevel(level: StorageLevel): boolean {
  return (level.useMemory || level.useDisk) && level.replication > 0;
}

/** As the server writes it: `Disk Memory Deserialized 1x Replicated`. */
export function describeLevel(level: StorageLevel): string {
  const memory = level.useOffHeap ? 'Memory (off heap) ' : 'Memory ';
  const form = level.deserialized ? 'Deserialized' : 'Serialized';
  return `${level.useDisk ? 'Disk ' : ''}${level.useMemory ? memory : ''}${form} ${level.replication}x Replicated`;
}
