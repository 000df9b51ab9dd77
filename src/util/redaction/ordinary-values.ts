import type { KeyVerdict } from './secret-keys.ts';

const FLAG_OR_NOTHING =
  /^(?:true|false|yes|no|on|off|null|none|nil|undefined|default|disabled|enabled|optional|required|-)?$/i;
const SMALL_NUMBER = /^-?\d{1,6}$/;
/** `300`, `1.5`, `10s`, `64 MB`, `0.75%`. */
const QUANTITY = /^-?[\d.,_]{1,20}\s?[a-zA-Z%]{0,12}$/;
const PATH = /^(?:\.{1,2}|~|[A-Za-z]:)?[/\\]|^[a-z][a-z\d+.-]{1,20}:\//;
/** A secret may begin with a slash; a file has a known ending as well. */
const FILE = /^[\w./\\:~ -]{1,300}\.(?:pem|jks|p12|pfx|keytab|jceks|crt|cer|txt|conf|properties|json|xml|yaml|yml)$/;
/** `org.apache.hadoop.fs.s3a.Provider`, and lists of them. */
const CLASS_NAMES = /^(?:[a-z_$][\w$]{0,60}\.){2,12}[A-Za-z_$][\w$]{0,120}(?:\s*,\s*[\w$.]{1,300}){0,50}$/;
/** `keytab`, `ccache`, `AES-GCM`, `delegation_token`: a word, not a secret. */
const WORD = /^(?:[a-z]{1,16}|[A-Z]{1,16}|[A-Z][a-z]{1,16})(?:[-_ ][A-Za-z]{1,16}){0,4}$/;
/** A place where the secret is, not the secret: `${env:X}`, `{{secrets/scope/name}}`. */
const REFERENCE = /^\$\{[^{}]{1,200}\}$|^\{\{[^{}]{1,200}\}\}$/;

const ALREADY_MASKED = /^\*{3,}/;
/** Values that a key named `credentials` takes in Spark and Hadoop. */
const KNOWN_CHOICES = new Set(['keytab', 'ccache', 'simple', 'kerberos']);

/** Whether the value is ordinary, or masked already, although its name is not ordinary. */
export function isOrdinaryValue(value: string, verdict: KeyVerdict): boolean {
  if (value === '' || ALREADY_MASKED.test(value) || REFERENCE.test(value) || FLAG_OR_NOTHING.test(value)) return true;
  switch (verdict) {
    case 'password':
      return false;
    case 'secret':
      return SMALL_NUMBER.test(value) || KNOWN_CHOICES.has(value) || FILE.test(value);
    case 'near-password':
      return isPlainShape(value);
    case 'near-secret':
      return isPlainShape(value) || WORD.test(value);
    case 'ordinary':
      return true;
  }
}

function isPlainShape(value: string): boolean {
  return QUANTITY.test(value) || PATH.test(value) || FILE.test(value) || CLASS_NAMES.test(value);
}
