import type { SqlNode } from '../../documents/run-detail.ts';

/** A plan's nodes from the root down, each once for every place it stands in. */
export function nodesOf(plan: SqlNode): SqlNode[] {
  const nodes: SqlNode[] = [];
  const open = [plan];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    nodes.push(node);
    open.push(...node.children);
  }
  return nodes;
}

/** Nodes that only wrap another one: they say nothing of what is computed. */
const WRAPPERS =
  /^(WholeStageCodegen|InputAdapter|AdaptiveSparkPlan|ShuffleQueryStage|BroadcastQueryStage|ResultQueryStage|TableCacheQueryStage|AQEShuffleRead|ColumnarToRow)/;

/** The node itself, or the first one below it that is no wrapper. */
export function unwrapped(node: SqlNode): SqlNode {
  let inner = node;
  while (WRAPPERS.test(inner.name) && inner.children.length === 1 && inner.children[0] !== undefined)
    [inner] = [inner.children[0]];
  return inner;
}

/** The rows a node gave, or those of the nearest node below it that tells. */
export function rowsOf(node: SqlNode): number | undefined {
  const rows = node.metrics['number of output rows'];
  if (rows !== undefined) return rows;
  const [only] = node.children;
  return node.children.length === 1 && only !== undefined ? rowsOf(only) : undefined;
}
