import { runLabel } from '../../src/documents/run-key.ts';
import type { RunSource } from '../../src/sources/run-source.ts';

/**
 * A crawler that remembers the latest end it has seen and asks for what ended after it: the negative control.
 *
 * It is what one writes first, and what a simulation must show to lose runs, or the simulation shows nothing.
 */
export class WatermarkCrawler {
  readonly stored = new Set<string>();
  #watermark: number | undefined;

  async poll(source: RunSource): Promise<void> {
    const endedAfter = this.#watermark === undefined ? undefined : new Date(this.#watermark);
    for await (const { id, attempts } of source.listApplications({ endedAfter })) {
      for (const { attemptId, completed, endTimeEpoch } of attempts) {
        if (!completed || (endedAfter !== undefined && endTimeEpoch < endedAfter.getTime())) continue;
        this.stored.add(runLabel({ cluster: source.cluster, appId: id, attemptId }));
        this.#watermark = Math.max(this.#watermark ?? -Infinity, endTimeEpoch);
      }
    }
  }
}
