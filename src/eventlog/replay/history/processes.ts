import type { RestTime } from '../../../spark/rest.ts';
import { formatRestTime } from '../../../spark/rest-time.ts';
import type { JsonRecord } from '../json-fields.ts';
import { intField, optionalRecord, recordField, textField, textMap, timeField } from '../json-fields.ts';

/** A process of an application that is no executor, such as the YARN application master. */
export interface ProcessSummary {
  readonly id: string;
  readonly hostPort: string;
  readonly isActive: boolean;
  readonly totalCores: number;
  readonly addTime: RestTime;
  readonly processLogs: Readonly<Record<string, string>>;
}

/** The processes of a run, by id. No event tells of their end. */
export class Processes {
  readonly #processes = new Map<string, ProcessSummary>();

  add(event: JsonRecord): void {
    const id = textField(event, 'processId');
    const info = recordField(event, 'info');
    this.#processes.set(id, {
      id,
      hostPort: textField(info, 'hostPort'),
      isActive: true,
      totalCores: intField(info, 'cores'),
      addTime: this.#processes.get(id)?.addTime ?? formatRestTime(timeField(event, 'time')),
      processLogs: textMap(optionalRecord(info, 'logUrlInfo')),
    });
  }

  rows(): ProcessSummary[] {
    return [...this.#processes.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
