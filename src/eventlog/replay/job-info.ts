import type { JobInfo } from './jobs.ts';
import type { JsonRecord } from './json-fields.ts';
import { field, intField, optionalRecord, optionalText, optionalTime, recordsField } from './json-fields.ts';
import { readIds, readStageInfo, unknownStage } from './stage-info.ts';

/** A JobStart event: the job and the properties of the thread that submitted it. */
export interface JobStartEvent {
  readonly info: JobInfo;
  readonly properties: JsonRecord;
}

export function readJobStart(event: JsonRecord, intern: (text: string) => string): JobStartEvent {
  const properties = optionalRecord(event, 'Properties') ?? {};
  const stageIds = readIds(event, 'Stage IDs');
  const submissionTime = optionalTime(event, 'Submission Time');
  const stageInfos =
    field(event, 'Stage Infos') === undefined
      ? stageIds.map(unknownStage)
      : recordsField(event, 'Stage Infos').map((info) => readStageInfo(info, intern));
  return {
    info: {
      jobId: intField(event, 'Job ID'),
      submissionTime: submissionTime !== undefined && submissionTime > 0 ? submissionTime : undefined,
      stageIds,
      stageInfos,
      description: optionalText(properties, 'spark.job.description'),
      jobGroup: optionalText(properties, 'spark.jobGroup.id'),
      jobTags: readTags(optionalText(properties, 'spark.job.tags')),
    },
    properties,
  };
}

function readTags(tags: string | undefined): readonly string[] {
  return [...new Set(tags?.split(','))].filter((tag) => tag !== '').sort();
}
