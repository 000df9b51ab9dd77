import { defineSection, type SettingsOf } from '../../config/section.ts';

/** `[SPARK_HISTORY]` and `[SPARK_HISTORY name]` of config.ini: one section for each Spark History Server. */
export const historyServerSection = defineSection({
  name: 'SPARK_HISTORY',
  repeatable: true,
  about:
    'A Spark History Server to read runs from. One section for each server: [SPARK_HISTORY], [SPARK_HISTORY prod], …',
  keys: {
    api_base_url: {
      type: 'url',
      default: 'http://localhost:18080/api/v1',
      about:
        'Address of the REST API. It ends in /api/v1; when that is missing it is added. User and password do not belong here but in the keys below.',
    },
    cluster: {
      type: 'string',
      default: '',
      about:
        'Name of the cluster, part of the identity of each run: choose it once and keep it when the server moves. Not set: the name in the section heading, else "default".',
    },
    ssl_path: {
      type: 'path',
      default: '',
      about: 'File with the certificates (PEM) of the authorities to trust for https, instead of the usual ones.',
    },
    insecure: {
      type: 'boolean',
      default: 'false',
      about:
        'Accepts any certificate. Whoever can reach the network between can then read the credentials and change the answers; the log and the description of the source say so.',
    },
    client_certificate_path: {
      type: 'path',
      default: '',
      about: 'Certificate (PEM) to show to a server that asks for one; needs client_key_path.',
    },
    client_key_path: { type: 'path', default: '', about: 'Private key (PEM) of client_certificate_path.' },
    client_key_passphrase: { type: 'secret', default: '', about: 'Passphrase of client_key_path, when it has one.' },
    username: { type: 'string', default: '', about: 'User for basic authentication.' },
    password: { type: 'secret', default: '', about: 'Password for basic authentication.' },
    password_file: {
      type: 'path',
      default: '',
      about:
        'File that holds the password, instead of password. Read again every minute, so it may be renewed while Spot runs.',
    },
    bearer_token: { type: 'secret', default: '', about: 'Token to send as Authorization: Bearer.' },
    bearer_token_file: {
      type: 'path',
      default: '',
      about: 'File that holds the token, instead of bearer_token. Read again every minute.',
    },
    auth_header_name: {
      type: 'string',
      default: '',
      about: 'Name of a header that a gateway in front of the server asks for, such as X-Api-Key.',
    },
    auth_header_value: { type: 'secret', default: '', about: 'Value of auth_header_name.' },
    auth_header_file: {
      type: 'path',
      default: '',
      about: 'File that holds the value, instead of auth_header_value. Read again every minute.',
    },
    connect_timeout_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '10',
      min: 0.001,
      max: 600,
      about: 'Longest wait for a connection, TLS included.',
    },
    idle_timeout_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '180',
      min: 0.001,
      max: 86_400,
      about:
        'Longest silence of the server while Spot waits for an answer or for its next bytes. The first question about a run makes the server read its whole event log before it says a word: 76 s were measured for a log of 642 MB.',
    },
    total_timeout_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '300',
      min: 0.001,
      max: 86_400,
      about: 'Longest time for one question with all its tries and waits. Ends an answer that trickles in for ever.',
    },
    retries: {
      type: 'integer',
      default: '4',
      min: 0,
      max: 20,
      about:
        'How often a question is asked again when the connection breaks, the answer is cut short or the server says 429, 502, 503 or 504; after a 500 at most twice. The waits are random and double each time. What still fails is tried again by a later sweep.',
    },
    task_quantiles: {
      type: 'boolean',
      default: 'false',
      about:
        'Also asks for the jobs of each run and the task quantiles of each of its stages, so that a run can be simulated and its tasks judged without its event log. It costs the server one more request for each stage.',
    },
    max_response_bytes: {
      type: 'integer',
      unit: 'bytes',
      default: '134217728',
      min: 1024,
      max: 500_000_000,
      about:
        'Longest answer Spot takes into memory. A list of applications needs about 460 bytes for each; a longer answer becomes an error, not a crash.',
    },
  },
});

export type HistoryServerSettings = SettingsOf<typeof historyServerSection>;
