/**
 * What the name of a property says about its value.
 *
 * - `password`: the value is what opens a door; even a number is.
 * - `secret`: the value is a token or a key; a small number is none.
 * - `near-password`, `near-secret`: the name speaks of one without being its name; the value decides.
 * - `ordinary`: nothing.
 */
export type KeyVerdict = 'password' | 'secret' | 'near-password' | 'near-secret' | 'ordinary';

const PASSWORD_WORDS = new Set(['pass', 'pwd', 'pw', 'pswd', 'psw', 'passcode']);
/** Long enough to stand inside another word: `pgpassword`, `mysecret`. */
const PASSWORD_PARTS = /passw(or)?d|passphrase|secret(?!ar)/;
const PASSWORD_ENDING = /(?<!by|com|encom|sur|tres|over|under|multi|single|two|first|last)pass$|pwd$/;

const SECRET_WORDS = new Set([
  'token',
  'tokens',
  'jwt',
  'bearer',
  'sig',
  'signature',
  'sas',
  'cookie',
  'authorization',
  'credential',
  'credentials',
  'creds',
  'cred',
  'sid',
  'connectionstring',
]);
/** Mostly a file; where it is the thing itself, its look tells. */
const NEAR_WORDS = new Set(['keytab', 'jaas']);
const SECRET_PARTS =
  /credential|apikey|accesskey|privatekey|sharedkey|accountkey|authkey|signingkey|masterkey|encryptionkey|storagekey|sastoken/;

/** With `key` behind them: `private.key`, `api-key`, `accountKey`. */
const KEY_OPENERS = new Set([
  'api',
  'access',
  'private',
  'shared',
  'account',
  'auth',
  'signing',
  'master',
  'encryption',
  'storage',
  'subscription',
  'ssh',
  'pem',
  'rsa',
  'hmac',
  'cipher',
  'service',
  'license',
  'admin',
  'application',
  'app',
  'webhook',
  'deploy',
]);

/** A name that ends so tells where, how long or what kind; its value is not the secret. */
const ABOUT = new Set(
  (
    'file files filename path paths location dir directory provider providers class classes classname name names enable enabled disable disabled ' +
    'required allowed interval timeout ms millis sec secs seconds minutes hours days time ttl lifetime length size bits bytes alg algorithm algorithms type ' +
    'types mode format protocol url uri uris endpoint host hostname port header headers prefix suffix count limit max min num retries retry ' +
    'renewer renewal renew fallback policy manager impl implementation version scope scopes issuer audience expiry expiration expires validity ' +
    'threads pool cache store service services regex pattern method group groups user users username domain attempts interval factor ratio ' +
    'persistent rolling alias aliases strategy handler factory plugin plugins module principal realm separator encoding charset status count age ip'
  ).split(' '),
);

/** `-Dx` and `--x`: how a name begins on a command line is not part of it. */
const OPTION_DASHES = /^-{1,2}D?(?=[A-Za-z])/;
/** Azure puts the account behind the name: `fs.azure.account.key.NAME.dfs.core.windows.net`. */
const AZURE_ACCOUNT = /\.[\w-]{1,63}\.(?:blob|dfs|file|queue|table)\.core\.[a-z]{1,30}\.[a-z]{2,3}$/;
/** `spark.kubernetes.driver.secretKeyRef.VARIABLE = name:key`, whatever the variable is called. */
const KUBERNETES_REFERENCE = '.secretKeyRef.';
/** Digits count for nothing: `password2` is a password. */
const WORDS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;
/** No name is longer; what is, is text. */
const MAX_KEY_CHARACTERS = 512;

/**
 * Judges a name by its words, however they are joined: dots, dashes, underscores or capitals.
 *
 * `tokenizer`, `passthrough` and `path.style.access` are ordinary: a word counts as a whole.
 */
export function judgeKey(key: string): KeyVerdict {
  const name = key.slice(-MAX_KEY_CHARACTERS).replace(OPTION_DASHES, '').replace(AZURE_ACCOUNT, '');
  const words = name.match(WORDS)?.map((word) => word.toLowerCase()) ?? [];
  if (name.includes(KUBERNETES_REFERENCE)) return 'ordinary';
  let verdict: KeyVerdict = 'ordinary';
  for (const [index, word] of words.entries()) {
    const kind = judgeWord(word, words[index - 1]);
    if (kind === 'ordinary') {
      if (NEAR_WORDS.has(word)) verdict = 'near-secret';
      continue;
    }
    if (index === words.length - 1) return kind;
    if (verdict !== 'near-password') verdict = `near-${kind}`;
  }
  return ABOUT.has(words.at(-1) ?? '') ? 'ordinary' : verdict;
}

function judgeWord(word: string, before: string | undefined): 'password' | 'secret' | 'ordinary' {
  if (PASSWORD_WORDS.has(word) || PASSWORD_PARTS.test(word) || PASSWORD_ENDING.test(word)) return 'password';
  if (SECRET_WORDS.has(word) || SECRET_PARTS.test(word) || word.endsWith('token')) return 'secret';
  const isKey = word === 'key' || word === 'keys';
  if (isKey && before !== undefined && PASSWORD_PARTS.test(before)) return 'password';
  return isKey && before !== undefined && KEY_OPENERS.has(before) ? 'secret' : 'ordinary';
}
