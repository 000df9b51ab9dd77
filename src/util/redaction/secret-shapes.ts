/** Replaces a secret by its mark. */
export type Mask = (secret: string) => string;

/**
 * Tokens that are recognised by their look alone, as their makers publish it.
 *
 * Each begins at the beginning of a word and has bounded parts, so that no text makes the search slow.
 */
const TOKENS = [
  'A(?:KIA|SIA|ROA|IDA|BIA|CCA)[A-Z2-7]{16}(?![A-Z\\d])', // AWS
  'eyJ[\\w-]{8,4096}\\.[\\w-]{8,8192}(?:\\.[\\w-]{0,4096})?', // JSON Web Token
  'gh[pousr]_[A-Za-z\\d]{20,255}', // GitHub
  'github_pat_\\w{20,255}',
  'gl(?:pat|dt|rt|oas|cbt)-[\\w-]{20,255}', // GitLab
  'xox[abceoprs]-[\\w-]{10,255}', // Slack
  'xapp-\\d-[\\w-]{10,255}',
  '[sr]k_(?:live|test)_\\w{16,255}', // Stripe
  'whsec_[\\w+/=]{16,255}',
  'AIza[\\w-]{35}', // Google
  'ya29\\.[\\w-]{20,1024}',
  'GOCSPX-[\\w-]{20,64}',
  '[\\w~.-]{3}\\dQ~[\\w~.-]{31,40}', // Azure AD client secret
  'dapi[a-f\\d]{32}(?:-\\d)?', // Databricks
  'dkea[a-f\\d]{32}(?:-\\d)?',
  'hf_[A-Za-z\\d]{30,64}', // Hugging Face
  'npm_[A-Za-z\\d]{36}',
  'pypi-[\\w-]{40,512}',
  'SG\\.[\\w-]{16,64}\\.[\\w-]{16,128}', // SendGrid
  'hv[sbr]\\.[\\w-]{20,512}', // Vault
  'do[opr]_v1_[a-f\\d]{64}', // DigitalOcean
  'sk-[\\w-]{20,255}', // OpenAI, Anthropic
  'ATATT[\\w=-]{20,512}', // Atlassian
  'SK[a-f\\d]{32}', // Twilio
  'key-[a-f\\d]{32}', // Mailgun
  'shp(?:at|ca|pa|ss)_[a-f\\d]{32}', // Shopify
  'sq0[a-z]{3}-[\\w-]{22,64}', // Square
  'NRAK-[A-Z\\d]{27}', // New Relic
  'AGE-SECRET-KEY-1[A-Z\\d]{58}',
  '\\d{8,10}:AA[\\w-]{33}', // Telegram
].join('|');

const TOKEN = new RegExp(`(?:(?<![\\w.~-])|(?<=%[\\dA-F]{2}))(?:${TOKENS})`, 'g');
const SLACK_WEBHOOK = /(?<=hooks\.slack\.com\/(?:services|workflows)\/)[\w/]{20,128}/g;
const AUTHORIZATION = /(?<![A-Za-z\d])(bearer|basic|negotiate|digest|apikey|token)(\s{1,4}|%20)([\w+/=.~-]{8,8192})/gi;
const ORACLE = /(jdbc:oracle:\w{1,10}:[^\s/@:;]{1,64}\/)(?!\*{3})([^\s@]{1,128})(?=@)/gi;

const PEM_BEGIN = '-----BEGIN ';
const PEM_PRIVATE = /^-----BEGIN [A-Z\d ]{0,40}PRIVATE KEY( BLOCK)?-----/;
const PEM_END = /-----END [A-Z\d ]{0,40}-----/g;

/** Masks tokens of well-known makers. */
export function maskTokens(text: string, mask: Mask): string {
  return text.replace(TOKEN, mask).replace(SLACK_WEBHOOK, mask);
}

/** Masks what follows `Bearer`, `Basic` and the like, when it looks like a credential and not like a word. */
export function maskAuthorization(text: string, mask: Mask): string {
  return text.replace(AUTHORIZATION, (whole: string, scheme: string, gap: string, credential: string) =>
    isCredential(scheme, credential) ? scheme + gap + mask(credential) : whole,
  );
}

function isCredential(scheme: string, credential: string): boolean {
  if (/^basic$/i.test(scheme)) return Buffer.from(credential, 'base64').includes(':');
  return /\d/.test(credential) || /[a-z][A-Z]/.test(credential);
}

/** Masks private keys in PEM form; a block without an end reaches to the end of the text. */
export function maskPrivateKeys(text: string, mask: Mask): string {
  let result = '';
  let done = 0;
  for (let begin = text.indexOf(PEM_BEGIN); begin !== -1; begin = text.indexOf(PEM_BEGIN, begin + 1)) {
    if (begin < done || !PEM_PRIVATE.test(text.slice(begin, begin + 80))) continue;
    PEM_END.lastIndex = begin;
    const end = PEM_END.exec(text) === null ? text.length : PEM_END.lastIndex;
    result += text.slice(done, begin) + mask(text.slice(begin, end));
    done = end;
  }
  return result + text.slice(done);
}

/** No address is looked at further than this from its `://`, so that no text makes the search slow. */
const MAX_AUTHORITY = 1024;
/** And no further for an `@` behind a slash, of which there may be many. */
const MAX_LOOSE = 256;
const AUTHORITY = /^[^\s"'<>`|\\,;?#/]*/;
const LOOSE_AUTHORITY = /^[^\s"'<>`|\\,;]*/;
/** A name before the `@` alone is ordinary (`abfss://container@account…`), except where it is a long token. */
const MIN_LONE_TOKEN = 20;

/** Masks passwords in addresses: `scheme://user:PASSWORD@host`, and in Oracle's `thin:user/PASSWORD@`. */
export function maskUserInfo(text: string, mask: Mask): string {
  let result = '';
  let done = 0;
  const lastSign = text.lastIndexOf('@');
  for (let at = text.indexOf('://'); at !== -1 && at < lastSign; at = text.indexOf('://', at + 3)) {
    const start = at + 3;
    if (start < done) continue;
    const secret = findUserInfoSecret(text, start, /https?$/i.test(text.slice(Math.max(0, at - 5), at)));
    if (secret === undefined) continue;
    result += text.slice(done, secret.from) + mask(text.slice(secret.from, secret.to));
    done = secret.to;
  }
  return (result + text.slice(done)).replace(
    ORACLE,
    (_whole, before: string, password: string) => before + mask(password),
  );
}

function findUserInfoSecret(text: string, start: number, isHttp: boolean): { from: number; to: number } | undefined {
  const piece = text.slice(start, start + MAX_AUTHORITY);
  const authority = AUTHORITY.exec(piece)?.[0] ?? '';
  const colon = authority.indexOf(':');
  let at = authority.lastIndexOf('@');

  // A password that was not percent-encoded may hold a slash: what follows the colon is then no port.
  if (at === -1 && colon !== -1 && !/^:\d{0,5}$/.test(authority.slice(colon))) {
    at = LOOSE_AUTHORITY.exec(piece.slice(0, MAX_LOOSE))?.[0].lastIndexOf('@') ?? -1;
  }
  if (at === -1) return undefined;
  const from = colon !== -1 && colon < at ? colon + 1 : 0;
  const isToken = from === 0 && isHttp && at >= MIN_LONE_TOKEN;
  if ((from === 0 && !isToken) || from === at || piece.startsWith('***', from)) return undefined;
  return { from: start + from, to: start + at };
}
