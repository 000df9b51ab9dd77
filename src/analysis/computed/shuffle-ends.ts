import type { SqlNode, StageDetail } from '../../documents/run-detail.ts';

/** The stages at either end of a join's shuffles. */
export interface ShuffleEnds {
  readonly writer: StageDetail;
  readonly reader: StageDetail;
}

/**
 * Which stage wrote an exchange, and which one read it together with another: told by the rows, for a plan does not name
 * its stages.
 *
 * @param stages - those of the plan's execution
 * @returns nothing where not exactly one stage did either, as when adaptive execution read a partition twice
 */
export function shuffleEnds(
  exchange: SqlNode,
  other: SqlNode,
  stages: readonly StageDetail[],
): ShuffleEnds | undefined {
  const written = exchange.metrics['shuffle records written'];
  const read = sum(exchange.metrics['records read'], other.metrics['records read']);
  const [writer, ...otherWriters] = stages.filter(({ sums }) => sums['shuffleWriteRecords'] === written);
  const [reader, ...otherReaders] = stages.filter(({ sums }) => sums['shuffleReadRecords'] === read);
  if (written === undefined || read === undefined || writer === undefined || reader === undefined) return undefined;
  return otherWriters.length + otherReaders.length > 0 ? undefined : { writer, reader };
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

/** Nodes that hand rows on nearly as they are; and a write that wrote nothing, as the noop source does. */
const LIGHT =
  /^(Project|Filter|Sort|WholeStageCodegen|InputAdapter|AdaptiveSparkPlan|ShuffleQueryStage|ResultQueryStage|AQEShuffleRead|OverwriteByExpression|AppendData|HashAggregate)/;
/** Expressions that may take any time. */
const OWN_CODE = /\bUDF\b|udf\(|\b(java_method|reflect|try_reflect)\(/i;

/** A task that reads so many times the median of its stage: the rows of one key. */
const SKEWED = 4;

/**
 * Whether the time of a stage that does a join is that of shuffling and sorting: on the way from the join up to the next
 * exchange, or to the root, nothing is computed that could take long, and no key has most of the rows (what is done with
 * those must be done wherever they are joined).
 */
export function isMostlyShuffle(plan: SqlNode, join: SqlNode, reader: StageDetail): boolean {
  const read = reader.quantiles?.shuffleReadBytes;
  if ((reader.sums['outputBytes'] ?? 0) > 0 || (read !== undefined && read[6] > SKEWED * read[3])) return false;
  const above = pathTo(plan, join) ?? [];
  const exchange = above.findLastIndex(({ name }) => name.endsWith('Exchange'));
  return (
    !OWN_CODE.test(join.description) &&
    above.slice(exchange + 1).every(({ name, description }) => LIGHT.test(name) && !OWN_CODE.test(description))
  );
}

/** The nodes above another one, from the root down. */
function pathTo(from: SqlNode, to: SqlNode): SqlNode[] | undefined {
  const open: { readonly node: SqlNode; readonly above: SqlNode[] }[] = [{ node: from, above: [] }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { node, above } = at;
    if (node === to) return above;
    open.push(...node.children.map((child) => ({ node: child, above: [...above, node] })));
  }
  return undefined;
}
