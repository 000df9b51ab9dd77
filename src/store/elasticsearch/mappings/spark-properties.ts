import { boolean, double, each, long, text, type Properties } from './field-types.ts';

/**
 * The Spark properties that are fields of their own, because dashboards group and sort by them.
 *
 * All others are in the document, and by key and value in `spot_search.properties`.
 * A value that is not of the field's type (`spark.executor.cores` = `4.0x`) is kept and shown, and only not searched by.
 */
export const sparkProperties: Properties = {
  ...each(
    [
      'spark_app_id',
      'spark_app_name',
      'spark_master',
      'spark_submit_deployMode',
      'spark_yarn_queue',
      'spark_scheduler_mode',
      'spark_serializer',
      'spark_io_compression_codec',
      'spark_sql_shuffle_partitions',
      'spark_default_parallelism',
    ],
    text,
  ),
  ...each(
    [
      'spark_port_maxRetries',
      'spark_executor_instances',
      'spark_driver_cores',
      'spark_executor_cores',
      'spark_dynamicAllocation_maxExecutors',
      'spark_dynamicAllocation_minExecutors',
      'spark_yarn_maxAppAttempts',
      'spark_yarn_containerLauncherMaxThreads',
      'spark_yarn_submit_file_replication',
    ],
    long,
  ),
  ...each(['spark_dynamicAllocation_executorAllocationRatio', 'spark_memory_fraction'], double),
  ...each(
    [
      'spark_eventLog_enabled',
      'spark_logConf',
      'spark_hadoop_yarn_timeline-service_enabled',
      'spark_dynamicAllocation_enabled',
      'spark_history_fs_cleaner_enabled',
      'spark_rdd_compress',
      'spark_shuffle_service_enabled',
      'spark_speculation',
      'spark_sql_adaptive_enabled',
      'spark_sql_hive_convertMetastoreParquet',
      'spark_sql_parquet_writeLegacyFormat',
      'spark_history_kerberos_enabled',
      'spark_yarn_preserve_staging_files',
      'spark_yarn_submit_waitAppCompletion',
    ],
    boolean,
  ),
  // Bytes.
  ...each(
    [
      'spark_driver_memory',
      'spark_executor_memory',
      'spark_driver_maxResultSize',
      'spark_sql_adaptive_shuffle_targetPostShuffleInputSize',
      'spark_sql_autoBroadcastJoinThreshold',
      'spark_files_maxPartitionBytes',
      'spark_files_openCostInBytes',
      'spark_driver_memoryOverhead',
      'spark_executor_memoryOverhead',
      'spark_yarn_driver_memoryOverhead',
      'spark_yarn_executor_memoryOverhead',
      'spark_yarn_am_memoryOverhead',
      'spark_executor_pyspark_memory',
      'spark_reducer_maxSizeInFlight',
      'spark_kryoserializer_buffer_max',
      'spark_rpc_message_maxSize',
      'spark_shuffle_file_buffer',
      'spark_eventLog_buffer_kb',
      'spark_kryoserializer_buffer',
      'spark_broadcast_blockSize',
    ],
    long,
  ),
  // Milliseconds.
  ...each(
    [
      'spark_sql_broadcastTimeout',
      'spark_executor_heartbeatInterval',
      'spark_dynamicAllocation_executorIdleTimeout',
      'spark_network_timeout',
      'spark_yarn_scheduler_heartbeat_interval-ms',
    ],
    long,
  ),
};
