import type { JsonRecord } from '../json-fields.ts';
import { longField, recordsField, refuse, textField } from '../json-fields.ts';

/** A metric that a plan registers: task events report its accumulator. */
export interface PlanMetric {
  readonly name: string;
  readonly accumulatorId: number;
  /** `sum`, `size`, `timing`, `nsTiming`, `average` or `v2Custom_CLASS`. */
  readonly metricType: string;
}

/** A node of a physical plan as SQL events carry it. */
export interface PlanInfo {
  readonly nodeName: string;
  readonly simpleString: string;
  readonly children: readonly PlanInfo[];
  readonly metrics: readonly PlanMetric[];
}

/** Spark's JSON reader refuses more than 1,000 levels, and a node takes two: no server shows a deeper plan. */
const MAX_DEPTH = 500;

/**
 * @param intern - gives equal texts as one: plans repeat the names of their nodes and metrics
 * @throws EventLogError for a plan that is deeper than Spark itself could read
 */
export function readPlan(info: JsonRecord, intern: (text: string) => string, depth = 0): PlanInfo {
  if (depth > MAX_DEPTH) refuse(`the plan is more than ${MAX_DEPTH} nodes deep`);
  return {
    nodeName: intern(textField(info, 'nodeName')),
    simpleString: textField(info, 'simpleString'),
    children: recordsField(info, 'children').map((child) => readPlan(child, intern, depth + 1)),
    metrics: readPlanMetrics(info, 'metrics', intern),
  };
}

export function readPlanMetrics(
  record: JsonRecord,
  key: string,
  intern: (text: string) => string,
): readonly PlanMetric[] {
  return recordsField(record, key).map((metric) => ({
    name: intern(textField(metric, 'name').trim()),
    accumulatorId: Number(longField(metric, 'accumulatorId')),
    metricType: intern(textField(metric, 'metricType')),
  }));
}
