import type { AppSpecificData, Json } from '../../documents/documents.ts';
import { parseIsoTime } from '../../spark/rest-time.ts';

/** The fields that every Enceladus name ends with, after its own words for application and type. */
interface NameForm {
  readonly app: string;
  readonly type: string;
  readonly fields: readonly string[];
}

const FIELDS = 5;

/**
 * Reads the names of Absa's Enceladus jobs.
 *
 * - `Enceladus TYPE APPVER DATASET DSVER INFODATE INFOVER`, further words ignored
 * - `Standardisation APPVER DATASET DSVER INFODATE INFOVER`, exactly
 * - `Dynamic Conformance APPVER DATASET DSVER INFODATE INFOVER`, exactly
 *
 * @returns `undefined` for every other name, also for one that merely starts with `Enceladus`
 * @see https://github.com/AbsaOSS/enceladus
 */
export function enceladusClassification(name: string): AppSpecificData | undefined {
  const form = formOf(name);
  const [appVersion, dataset, datasetVersion, infoDate, infoVersion] = form?.fields ?? [];
  if (form === undefined || appVersion === undefined || dataset === undefined) return undefined;
  if (datasetVersion === undefined || infoDate === undefined || infoVersion === undefined) return undefined;

  return {
    classification: {
      project: 'enceladus',
      app: form.app,
      type: form.type,
      app_version: appVersion,
      dataset,
      dataset_version: integerOrText(datasetVersion),
      // The prefix keeps Elasticsearch from taking some of these texts for dates and refusing the others.
      info_date: `str:${infoDate}`,
      info_date_casted: noonOf(infoDate),
      info_version: integerOrText(infoVersion),
    },
    tag: [form.type, appVersion, dataset, datasetVersion].join('_'),
  };
}

function formOf(name: string): NameForm | undefined {
  const words = name.split(' ');
  if (name.startsWith('Enceladus')) {
    const [app = '', type = '', ...fields] = words;
    return { app: app.toLowerCase(), type: type.toLowerCase(), fields };
  }
  if (name.startsWith('Standardisation ') && words.length === 1 + FIELDS) {
    return { app: 'enceladus', type: 'standardization', fields: words.slice(1) };
  }
  if (name.startsWith('Dynamic Conformance ') && words.length === 2 + FIELDS) {
    return { app: 'enceladus', type: 'conformance', fields: words.slice(2) };
  }
  return undefined;
}

function integerOrText(text: string): Json {
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : text;
}

/** Noon UTC of `dd-MM-yyyy` or `yyyy-MM-dd`, so that the day is the same in every time zone of a dashboard; `null` for other text. */
function noonOf(date: string): string | null {
  const [, day, month, year] = /^(\d\d)-(\d\d)-(\d{4})$/.exec(date) ?? [];
  const noon = `${year === undefined ? date : `${year}-${String(month)}-${String(day)}`}T12:00:00+00:00`;
  return parseIsoTime(noon) === undefined ? null : noon;
}
