import type { ApplicationAttemptInfo, ApplicationInfo } from '../../../spark/rest.ts';
import { notFound } from '../rest-error.ts';
import type { RunHistory } from '../run-history.ts';

/** `/applications/ID` */
export function describeApplication(history: RunHistory, appId: string): ApplicationInfo {
  const application = history.application(appId);
  if (application === undefined) throw notFound(`unknown app: ${appId}`);
  return application;
}

/** `/applications/ID/ATTEMPT` */
export function describeAttempt(history: RunHistory, appId: string, attemptId: string): ApplicationAttemptInfo {
  const attempt = history.application(appId)?.attempts.find((one) => one.attemptId === attemptId);
  if (attempt === undefined) throw notFound(`unknown app ${appId}, attempt ${attemptId}`);
  return attempt;
}
