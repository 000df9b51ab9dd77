import type { SqlNode } from '../../documents/run-detail.ts';

/** Where a scan reads or a command writes, as far as its description tells; `?` where it does not. */
export function locationOf({ description }: SqlNode): string {
  return (
    /Location: \S+ ?\[([^\],]+)/.exec(description)?.[1] ??
    /\b(?:[a-z0-9]+:\/{1,3}[^\s,\]]+)/.exec(description)?.[0] ??
    '?'
  );
}
