import { describeFeatures, encodeRow, type FeatureRow } from '../features.ts';

/** One of the clusters one may choose. */
export interface Candidate {
  readonly id: string;
  readonly nodes: number;
  readonly coresPerNode: number;
  readonly memoryGbPerNode: number;
  /** USD; needed when cost is the objective. */
  readonly pricePerNodeHour?: number;
  /** What else tells candidates apart: disks, processor family. */
  readonly traits?: FeatureRow;
}

/** How a run on a candidate ended: its duration, or the time after which it failed. */
export interface Outcome {
  readonly candidateId: string;
  readonly completed: boolean;
  readonly seconds: number;
}

/** The runs of another workload. Those of one application together count as one. */
export interface PastWorkload {
  readonly application: string;
  readonly outcomes: readonly Outcome[];
}

export type Objective = 'cost' | 'time';

/** Candidates as points: similar ones are near each other. */
export interface CandidateSpace {
  readonly candidates: readonly Candidate[];
  /** Centred natural logarithms of nodes, cores per node and memory per core, then the encoded traits. */
  readonly points: readonly Float64Array[];
  /** Natural logarithm of all cores, centred. */
  readonly power: Float64Array;
  /** What may be too little of: memory of the cluster, memory per core. */
  readonly memory: readonly Float64Array[];
}

/** @param candidates - at least one */
export function candidateSpace(candidates: readonly Candidate[]): CandidateSpace {
  const traitNames = [...new Set(candidates.flatMap(({ traits }) => Object.keys(traits ?? {})))].sort();
  const schema =
    traitNames.length === 0
      ? undefined
      : describeFeatures(
          candidates.map(({ traits }) => traits ?? {}),
          traitNames,
          Object.fromEntries(traitNames.map((name) => [name, 'other'])),
        );
  const rows = candidates.map(({ nodes, coresPerNode, memoryGbPerNode, traits }) => [
    Math.log(nodes),
    Math.log(coresPerNode),
    Math.log(memoryGbPerNode / coresPerNode),
    ...(schema === undefined ? [] : encodeRow(schema, traits ?? {})),
  ]);
  const middle =
    rows[0]?.map((_, column) => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0) / rows.length) ?? [];
  const points = rows.map((row) => Float64Array.from(row, (value, column) => value - (middle[column] ?? 0)));
  return {
    candidates,
    points,
    power: Float64Array.from(points, (point) => (point[0] ?? 0) + (point[1] ?? 0)),
    memory: [
      Float64Array.from(candidates, ({ nodes, memoryGbPerNode }) => Math.log(nodes * memoryGbPerNode)),
      Float64Array.from(candidates, ({ coresPerNode, memoryGbPerNode }) => Math.log(memoryGbPerNode / coresPerNode)),
    ],
  };
}

/** Matérn 5/2 of the distance of two points, 1 at distance 0. */
export function similarity(a: Float64Array, b: Float64Array, length: number): number {
  const squared = a.reduce((sum, value, column) => sum + ((value - (b[column] ?? 0)) / length) ** 2, 0);
  const r = Math.sqrt(5 * squared);
  return (1 + r + (r * r) / 3) * Math.exp(-r);
}
