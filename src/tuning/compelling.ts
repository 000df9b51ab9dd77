import { subjectOf, type Observation, type Words } from '../alerts/observation.ts';
import type { Suggestion } from '../setter/suggestion.ts';

export interface CompellingOptions {
  /** Share of time or cost that must be saved with the confidence of the suggestion's interval. */
  readonly leastSaving: number;
  /** How much more the other of the two may become, as a share. */
  readonly tolerance: number;
}

/** What would surely be saved, as a share of what the newest configuration takes on the same input. */
export interface Saving {
  readonly of: 'time' | 'cost';
  readonly share: number;
}

type Judged = Pick<
  Suggestion,
  | 'recommendation_method'
  | 'predicted_duration_ms'
  | 'predicted_duration_interval_ms'
  | 'predicted_cost_interval'
  | 'usual'
  | 'properties'
  | 'input_bytes'
  | 'validity'
>;

/**
 * The saving that is sure enough to bother somebody with; the larger one where both are.
 *
 * The worst end of the interval counts, and only a model of the application's own runs: rules and replays are for those who ask.
 */
export function compellingSaving(
  suggestion: Judged,
  { leastSaving, tolerance }: CompellingOptions,
): Saving | undefined {
  const { predicted_duration_interval_ms: time, predicted_cost_interval: cost, usual, validity } = suggestion;
  if (suggestion.recommendation_method !== 'model' || time === null || cost === null || usual === undefined)
    return undefined;
  // What was learnt of another program may be wrong for this one.
  if (validity?.status === 'changed') return undefined;
  const timeRatio = time.high / usual.predicted_duration_ms;
  const costRatio = usual.predicted_cost > 0 ? cost.high / usual.predicted_cost : 1;
  if (Math.max(timeRatio, costRatio) > 1 + tolerance) return undefined;
  const saving: Saving =
    timeRatio <= costRatio ? { of: 'time', share: 1 - timeRatio } : { of: 'cost', share: 1 - costRatio };
  return saving.share >= leastSaving ? saving : undefined;
}

/** How an application stands: worth a message while a suggestion is compelling. */
export function observeSuggestion(
  { tag, cluster }: { readonly tag: string; readonly cluster: string },
  suggestion: Judged,
  options: CompellingOptions & { readonly confidence: number },
): Observation {
  const subject = subjectOf('suggestion', cluster, tag);
  const saving = compellingSaving(suggestion, options);
  if (saving === undefined)
    return {
      status: 'fine',
      kind: 'suggestion',
      subject,
      words: {
        title: `Nothing to suggest for ${tag} any more`,
        text: `The configuration of its newest run on ${cluster} is about as good as what is known to be better.`,
        facts: { tag, cluster },
      },
    };
  return {
    status: 'firing',
    kind: 'suggestion',
    subject,
    words: wordsOf({ tag, cluster }, suggestion, saving, options),
  };
}

function wordsOf(
  { tag, cluster }: { readonly tag: string; readonly cluster: string },
  { properties, predicted_duration_ms: predicted, usual }: Judged,
  { of, share }: Saving,
  { confidence }: { readonly confidence: number },
): Words {
  const percent = (value: number): string => `${Math.floor(value * 100)} %`;
  const seconds = (ms = 0): string => `${(ms / 1000).toFixed(1)} s`;
  return {
    title: `${tag} could save ${percent(share)} of its ${of}`,
    text: [
      `With ${percent(confidence)} confidence at least that, against the configuration of its newest run on ${cluster}:`,
      `about ${seconds(predicted ?? 0)} in place of ${seconds(usual?.predicted_duration_ms)}.`,
      ...Object.entries(properties).map(([key, value]) => `  ${key}=${value}`),
      `spot suggest --tag ${tag}   or, step by step:   spot tune start ${tag}`,
    ].join('\n'),
    facts: {
      tag,
      cluster,
      saves: of,
      share,
      confidence,
      predictedMs: predicted,
      usualMs: usual?.predicted_duration_ms ?? null,
    },
  };
}
