import { defineSection, type SettingsOf } from '../../config/section.ts';

/** `[EVENT_LOGS]` and `[EVENT_LOGS name]` of config.ini: one section for each place where event logs lie. */
export const eventLogsSection = defineSection({
  name: 'EVENT_LOGS',
  repeatable: true,
  about:
    'A place where Spark writes event logs, read without a History Server. One section for each place: [EVENT_LOGS], [EVENT_LOGS prod], … It gives the same documents as the server would, and more.',
  keys: {
    path: {
      type: 'string',
      default: '',
      about:
        'Where the logs lie: a folder of this machine (/var/log/spark-events, or a single log), s3://bucket/prefix, or webhdfs://namenode:9870/spark-events (swebhdfs:// for https). The value of spark.eventLog.dir, mostly. Not set: the section is not used.',
    },
    cluster: {
      type: 'string',
      default: '',
      about:
        'Name of the cluster, part of the identity of each run: choose it once and keep it when the logs move. Give the History Server of the same cluster the same name, and no run is stored twice. Not set: the name in the section heading, else "default".',
    },
    recursive: {
      type: 'boolean',
      default: 'true',
      about:
        'Looks into all folders below the path, as Databricks, EMR Serverless and archives by date need it. False reads the folder itself and its rolling logs, which is all that Spark itself does, and spares a listing of everything else.',
    },
    threads: {
      type: 'integer',
      default: '0',
      min: 0,
      max: 64,
      about:
        'How many logs are parsed at the same time, each in a thread of its own. 0 takes what cores and memory allow. The crawler asks for no more than [CRAWLER] concurrency.',
    },
    memory_mb: {
      type: 'integer',
      unit: 'MiB',
      default: '1024',
      min: 64,
      max: 65_536,
      about:
        'Memory that one thread may take for objects. A log that needs more becomes an error document, and the other logs go on. Spark logs of any length stay far below; what grows is the number of stages, executors and SQL plans.',
    },
    log_timeout_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '3600',
      min: 1,
      max: 86_400,
      about: 'Longest time for reading one log. Ends a read that hangs.',
    },
    max_log_bytes: {
      type: 'integer',
      unit: 'bytes',
      default: '68719476736',
      min: 1_000_000,
      about: 'Longest log, decompressed, that is read; 64 GiB. A longer one becomes an error document.',
    },
    max_line_bytes: {
      type: 'integer',
      unit: 'bytes',
      default: '67108864',
      min: 65_536,
      max: 268_435_456,
      about: 'Longest event that is read; 64 MiB. A longer one is left out, counted and reported with its line.',
    },
    max_compression_ratio: {
      type: 'number',
      default: '250',
      min: 10,
      about:
        'A log that decompresses to more than this many times its size (and 16 MiB) is refused as a bomb. Spark logs have 5 to 40.',
    },
    s3_endpoint: {
      type: 'url',
      default: '',
      about:
        'Address of an S3-compatible store (MinIO, Ceph, …), such as https://minio:9000. Not set: Amazon S3 in s3_region.',
    },
    s3_region: {
      type: 'string',
      default: '',
      about: 'Region of the bucket. Not set: AWS_REGION or AWS_DEFAULT_REGION, else us-east-1.',
    },
    s3_path_style: {
      type: 'boolean',
      default: 'false',
      about:
        'Writes the bucket into the path (https://host/bucket/key) and not into the host name. Most stores other than Amazon want it.',
    },
    s3_access_key_id: {
      type: 'string',
      default: '',
      about:
        'Access key. Not set: AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment, else the role of the container or of the EC2 instance, else no signature, for public buckets.',
    },
    s3_secret_access_key: { type: 'secret', default: '', about: 'Secret of s3_access_key_id.' },
    s3_session_token: { type: 'secret', default: '', about: 'Session token, for temporary credentials.' },
    webhdfs_user: {
      type: 'string',
      default: '',
      about: 'User name to tell a cluster without Kerberos (user.name).',
    },
    webhdfs_delegation_token: {
      type: 'secret',
      default: '',
      about:
        'Delegation token for a cluster with Kerberos (hdfs fetchdt --webservice). Spot does not speak SPNEGO itself.',
    },
    idle_timeout_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '60',
      min: 0.001,
      max: 86_400,
      about: 'Longest silence of a bucket or of HDFS while Spot waits for an answer or for its next bytes.',
    },
    retries: {
      type: 'integer',
      default: '4',
      min: 0,
      max: 20,
      about:
        'How often a question to a bucket or to HDFS is asked again when the connection breaks or the server is overloaded. The waits are random and double each time.',
    },
  },
});

export type EventLogsSettings = SettingsOf<typeof eventLogsSection>;
