export const DYNAMIC = 'spark.dynamicAllocation.enabled';
