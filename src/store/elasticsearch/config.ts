import { defineSection, type SettingsOf } from '../../config/section.ts';

const AMAZON = 'it belongs to the Amazon Cognito login, which Spot does not speak';

/** Elasticsearch as a store. The first keys are those of the original Spot. */
export const elasticsearchSection = defineSection({
  name: 'SPOT_ELASTICSEARCH',
  about:
    'Elasticsearch 8 or 9 as the store. Without elasticsearch_url the section has no effect, and runs go to an SQLite file.',
  keys: {
    elasticsearch_url: {
      type: 'url',
      default: '',
      about: 'Where Elasticsearch listens, for example https://localhost:9200. Empty: this store is not used.',
    },
    auth_type: {
      type: 'string',
      default: '',
      choices: ['', 'direct', 'api_key'],
      about:
        'How Spot logs in: direct with username and password, api_key with an API key. ' +
        'Empty: with whichever of them is given, or not at all. The cognito of the original is not supported.',
    },
    username: {
      type: 'string',
      default: '',
      about: 'The user of the direct login. README.md of the store lists the rights it needs.',
    },
    password: { type: 'secret', default: '', about: 'The password of the direct login.' },
    api_key: {
      type: 'secret',
      default: '',
      about: 'An API key in its encoded form, as Elasticsearch prints it. It wins over a user name.',
    },
    ca_file: {
      type: 'path',
      default: '',
      about:
        'Certificates (PEM) of the authority that signed the server’s certificate, where it is not a public one. Certificates are always checked.',
    },
    raw_index: {
      type: 'string',
      default: 'spot_raw_default',
      about:
        'Alias of the raw documents, by custom spot_raw_<cluster>_<id>. They are three quarters of the volume; ' +
        'empty switches them off, and with them every later aggregation without reading the runs again.',
    },
    agg_index: {
      type: 'string',
      default: 'spot_agg_default',
      about:
        'Alias of the aggregate documents, by custom spot_agg_<cluster>_<id>: dashboards look at spot_agg_*. It is also the ledger of what is done.',
    },
    err_index: {
      type: 'string',
      default: 'spot_err_default',
      about: 'Alias of the error documents, by custom spot_err_<cluster>_<id>.',
    },
    detail_index: {
      type: 'string',
      default: 'spot_detail_default',
      about:
        'Alias of what only event logs tell (tasks, plans, failures). Empty switches it off, and with it simulation and task findings.',
    },
    kept_index: {
      type: 'string',
      default: 'spot_kept_default',
      about:
        'Alias of what Spot itself learnt or decided (models, regressions, tuning, alerts). Empty switches it off, and with it whatever would be kept there.',
    },
    compatibility: {
      type: 'string',
      default: 'auto',
      choices: ['auto', '8', '9'],
      about:
        'Major version of Elasticsearch to speak with. auto asks the server; name one where Spot may not ask (right monitor).',
    },
    install_templates: {
      type: 'boolean',
      default: 'true',
      about:
        'Whether Spot installs its index templates (right manage_index_templates). With false it only gives its mappings to the indexes that it creates itself.',
    },
    bulk_bytes: {
      type: 'integer',
      unit: 'bytes',
      default: '4194304',
      min: 65_536,
      max: 8_388_608,
      about:
        'Largest body of one write, except that a larger single document goes alone. More is little faster and makes Elasticsearch refuse under load.',
    },
    max_document_bytes: {
      type: 'integer',
      unit: 'bytes',
      default: '67108864',
      min: 1_048_576,
      max: 104_857_600,
      about:
        'A larger document is not sent but becomes an error document. Elasticsearch itself refuses above http.max_content_length, 100 MB by default.',
    },
    request_timeout_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '60',
      min: 1,
      max: 3600,
      about: 'How long to wait for one answer before it counts as a failure, which is repeated.',
    },
    retry_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '30',
      min: 0,
      max: 3600,
      about:
        'How long a write is repeated, with growing pauses, while Elasticsearch is overloaded or its disk is full. Then the crawler takes over the waiting.',
    },
  },
  ignored: {
    limit_of_fields_increment: 'the mapping of Spot is complete and fixed, and no document can add a field to it',
    aws_account_id: AMAZON,
    user_pool_id: AMAZON,
    identity_pool_id: AMAZON,
    cognito_region: AMAZON,
    elasticsearch_region: AMAZON,
    client_id: AMAZON,
    client_secret: AMAZON,
    elasticsearch_role_name: AMAZON,
  },
});

export type ElasticsearchSettings = SettingsOf<typeof elasticsearchSection>;
