import type { Finding } from '../analysis/finding.ts';
import type { AggregateDocument } from '../documents/documents.ts';
import { withProperties } from '../money/containers.ts';
import { isNotMeasurable, type NotMeasurable } from '../money/measurable.ts';
import type { PriceBook } from '../money/price-book.ts';
import { runCost, type RunCost } from '../money/run-cost.ts';
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

/**
 * The same analysis with what the run cost and what each finding is worth: never more than the run cost, alone or together.
 *
 * A fix that saves neither time nor cores may still ask for smaller containers: that is worth the difference in price.
 */
export function priceAnalysis(
  analysis: RunAnalysis,
  document: AggregateDocument | undefined,
  book: PriceBook,
): PricedAnalysis {
  if (document === undefined) return { ...analysis, cost: { because: 'its aggregate document is not stored' } };
  const cost = runCost(document, book);
  if (isNotMeasurable(cost)) return { ...analysis, cost };
  const findings = analysis.findings.map((finding): Finding => {
    const { savings, fix } = finding;
    const worth =
      savings.basis === 'none' ? worthOfSettings(fix.set ?? {}, document, cost, book) : savingsCost(savings, cost);
    return worth === undefined ? finding : { ...finding, savings: { ...savings, cost: worth } };
  });
  return {
    ...analysis,
    findings,
    total: { ...analysis.total, cost: together(savingsCost(analysis.total, cost), findings, cost.total) },
    cost: costInShort(cost),
  };
}

/** What the run would have cost less with these Spark properties; undefined when that is nothing or not measurable. */
function worthOfSettings(
  set: Readonly<Record<string, string>>,
  document: AggregateDocument,
  cost: RunCost,
  book: PriceBook,
): MoneyRange | undefined {
  const after = runCost(withProperties(document, set), book);
  const saved = isNotMeasurable(after) ? 0 : cost.total - after.total;
  return saved > 0 ? { low: saved, high: saved, currency: book.currency } : undefined;
}

/** Smaller containers are worth less once there are fewer of them: for sure only the largest saving counts, at most their sum. */
function together({ low, high, currency }: MoneyRange, findings: readonly Finding[], most: number): MoneyRange {
  const settings = findings.flatMap(({ savings }) => (savings.basis === 'none' ? (savings.cost ?? []) : []));
  const sum = settings.reduce((all, each) => all + each.high, high);
  return { low: Math.max(low, ...settings.map((each) => each.low)), high: Math.min(most, sum), currency };
}

export function costInShort({ total, idle, currency, isExample }: RunCost): CostInShort {
  return { total, ...(typeof idle === 'number' ? { idle } : {}), currency, hasExamplePrices: isExample };
}
