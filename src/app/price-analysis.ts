import { isNotMeasurable, type NotMeasurable } from '../money/measurable.ts';
import type { RunCost } from '../money/run-cost.ts';
import { savingsCost, type MoneyRange } from '../money/savings-cost.ts';
import type { RunAnalysis } from './analyze-run.ts';

/** What a run cost, in short; `spot cost` tells it in full. */
export interface CostInShort {
  readonly total: number;
  /** The part in which the cores of the executors had no task; absent when that is not measurable. */
  readonly idle?: number | undefined;
  readonly currency: string;
  /** The prices are nobody's: say so beside every amount. */
  readonly hasExamplePrices: boolean;
}

export interface PricedAnalysis extends RunAnalysis {
  readonly cost: CostInShort | NotMeasurable;
  readonly total: RunAnalysis['total'] & { readonly cost?: MoneyRange | undefined };
}

/** The same analysis with what the run cost and what each finding is worth: never more than the run cost, alone or together. */
export function priceAnalysis(analysis: RunAnalysis, cost: RunCost | NotMeasurable): PricedAnalysis {
  if (isNotMeasurable(cost)) return { ...analysis, cost };
  return {
    ...analysis,
    findings: analysis.findings.map((finding) => ({
      ...finding,
      savings:
        finding.savings.basis === 'none'
          ? finding.savings
          : { ...finding.savings, cost: savingsCost(finding.savings, cost) },
    })),
    total: { ...analysis.total, cost: savingsCost(analysis.total, cost) },
    cost: costInShort(cost),
  };
}

export function costInShort({ total, idle, currency, isExample }: RunCost): CostInShort {
  return { total, ...(typeof idle === 'number' ? { idle } : {}), currency, hasExamplePrices: isExample };
}
