import type { Finding } from '../../src/analysis/finding.ts';
import type { Label } from './labelled-corpus.ts';

/** What of an analysis agrees with the label, by heuristic id. */
export interface Judgement {
  readonly found: readonly string[];
  readonly missed: readonly string[];
  /** Moderate or above, and not true of the run by its making; a heuristic with several counts once. */
  readonly falseAlarms: readonly string[];
  /** Moderate or above, and true. */
  readonly trueAlarms: readonly string[];
}

/** Holds findings against what is true of the run by its making. */
export function judge(label: Pick<Label, 'must' | 'tell' | 'may'>, findings: readonly Finding[]): Judgement {
  const serious = findings.filter(({ severity }) => severity !== 'low');
  const isFound = (id: string, among: readonly Finding[]): boolean => among.some((finding) => finding.id === id);
  const wanted = [...label.must, ...label.tell];
  const found = wanted.filter((id) => isFound(id, label.must.includes(id) ? serious : findings));
  const isTrue = (id: string): boolean => wanted.includes(id) || Object.hasOwn(label.may, id);
  const alarms = [...new Set(serious.map(({ id }) => id))];
  return {
    found,
    missed: wanted.filter((id) => !found.includes(id)),
    falseAlarms: alarms.filter((id) => !isTrue(id)),
    trueAlarms: alarms.filter(isTrue),
  };
}
