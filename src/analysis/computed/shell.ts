import type { Properties } from '../inputs.ts';

/** spark-shell serves its classes under these properties; both shells have a name of their own. */
export function isShell(properties: Properties): boolean {
  return (
    'spark.repl.class.uri' in properties ||
    'spark.repl.class.outputDir' in properties ||
    /^(Spark shell|PySparkShell|SparkR)$/.test(properties['spark.app.name'] ?? '')
  );
}
