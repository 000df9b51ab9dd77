import type { ErrorDocument } from '../documents/documents.ts';
import { documentId } from '../documents/run-key.ts';

/** The id of an error document: that of its run, so that a run has one however often it fails. */
export function errorId({ spot }: ErrorDocument): string {
  return documentId({ cluster: spot.cluster, appId: spot.spark_app_id, attemptId: spot.attempt_id });
}
