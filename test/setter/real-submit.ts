import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LEAN_JVM } from '../../scripts/services/history-server.ts';
import { installSpark, SPARK_VERSIONS } from '../../scripts/services/install.ts';

/** Arguments for Spark, the environment it finds, and properties to read as the type that it reads them as. */
export interface SubmitQuestion {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly read: Readonly<Record<string, Reading>>;
}

/** A getter of `SparkConf`; a size is read as bytes, a time as milliseconds. */
export type Reading = 'size' | 'time' | 'count' | 'ratio' | 'boolean' | 'text';

/** What Spark makes of the arguments of one submission; `error` alone when it refuses them. */
export interface SubmitAnswer {
  readonly error?: string;
  readonly app: string;
  readonly name: string;
  readonly appArguments: readonly string[];
  /** What `--conf` gave, text by text, and nothing else. */
  readonly given: Readonly<Record<string, string>>;
  /** The same, after it was made ready for the cluster manager. */
  readonly prepared: Readonly<Record<string, string>>;
  readonly read: Readonly<Record<string, number | boolean | string>>;
}

/**
 * Asks Spark's own classes, in the JVM that a `spark-submit` of this very program has started, what they make of many
 * argument lists; nothing is run on a cluster.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/deploy/SparkSubmitArguments.scala` and `SparkSubmit.prepareSubmitEnvironment`
 */
const READER = `
import json, sys
from pyspark import SparkContext

SparkContext._ensure_initialized()
jvm = SparkContext._jvm
deploy = jvm.org.apache.spark.deploy
python = jvm.org.apache.spark.api.python.PythonUtils
nothing = jvm.scala.Option.empty()
submit = deploy.SparkSubmit()

def listed(seq):
    return [seq.apply(i) for i in range(seq.size())]

def pairs(conf):
    return {pair._1(): pair._2() for pair in conf.getAll()}

READ = {
    "size": lambda conf, key: conf.getSizeAsBytes(key),
    "time": lambda conf, key: conf.getTimeAsMs(key),
    "count": lambda conf, key: conf.getInt(key, -1),
    "ratio": lambda conf, key: conf.getDouble(key, -1.0),
    "boolean": lambda conf, key: conf.getBoolean(key, False),
    "text": lambda conf, key: conf.get(key),
}

def answer_to(question):
    try:
        env = jvm.java.util.HashMap()
        for name, value in question["env"].items():
            env.put(name, value)
        words = jvm.java.util.ArrayList()
        for word in question["args"]:
            words.add(word)
        parsed = deploy.SparkSubmitArguments(python.toSeq(words), python.toScalaMap(env))
        # Without a file of defaults the configuration starts empty.
        given = parsed.toSparkConf(jvm.scala.Some(jvm.org.apache.spark.SparkConf(False)))
        answer = {
            "app": parsed.primaryResource(),
            "name": parsed.name(),
            "appArguments": listed(parsed.childArgs()),
            "given": pairs(given),
            "read": {key: READ[how](given, key) for key, how in question["read"].items()},
        }
        # Changes what it is given: last.
        answer["prepared"] = pairs(submit.prepareSubmitEnvironment(parsed, nothing)._3())
        return answer
    except Exception as error:
        java = getattr(error, "java_exception", None)
        return {"error": str(error) if java is None else java.toString()}

with open(sys.argv[1]) as questions, open(sys.argv[2], "w") as answers:
    json.dump([answer_to(question) for question in json.load(questions)], answers)
`;

/** Prints the configuration with which `spark-submit` started it; makes no context, so it is done in a second or two. */
const ECHO = `
import json, sys
from pyspark import SparkConf, SparkContext

SparkContext._ensure_initialized()
print("TOLD " + json.dumps({"conf": dict(SparkConf().getAll()), "arguments": sys.argv[1:]}))
`;

/** A real `spark-submit`, as a person's shell has it. */
export class RealSubmit {
  readonly echo: string;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#env = env;
    this.echo = join(folder, 'echo.py');
  }

  /** @param folder - for its programs; an existing empty one */
  static async prepare(folder: string, sparkHome: string): Promise<RealSubmit> {
    const { javaHome, python } = await installSpark(SPARK_VERSIONS[0]);
    writeFileSync(join(folder, 'reader.py'), READER);
    writeFileSync(join(folder, 'echo.py'), ECHO);
    mkdirSync(join(folder, 'words', 'bin'), { recursive: true });
    const sparkClass = join(folder, 'words', 'bin', 'spark-class');
    writeFileSync(sparkClass, '#!/bin/sh\nfor each in "$@"; do printf "%s\\0" "$each"; done\n');
    chmodSync(sparkClass, 0o755);
    return new RealSubmit(folder, {
      PATH: `${join(sparkHome, 'bin')}:/usr/local/bin:/usr/bin:/bin`,
      SPARK_HOME: sparkHome,
      SPARK_LOCAL_IP: '127.0.0.1',
      JAVA_HOME: javaHome,
      PYSPARK_PYTHON: python,
      PYSPARK_DRIVER_PYTHON: python,
      JDK_JAVA_OPTIONS: LEAN_JVM,
      SPARK_LOCAL_DIRS: folder,
      // As a person's terminal has it; without it a JVM takes what is not ASCII for question marks.
      LC_ALL: 'C.UTF-8',
    });
  }

  /**
   * The words that a line hands to Spark: run by `/bin/sh`, through Spark's own script; only `spark-class`, which would start
   * a JVM for each, is replaced by one that prints them.
   */
  wordsOf(line: string): string[] {
    const env = { ...this.#env, SPARK_HOME: join(this.#folder, 'words') };
    const [main, ...words] = execFileSync('/bin/sh', ['-c', line], { env, cwd: this.#folder, encoding: 'utf8' })
      .split('\0')
      .slice(0, -1);
    if (main !== 'org.apache.spark.deploy.SparkSubmit') throw new Error(`${line} starts ${String(main)}`);
    return words;
  }

  /** What Spark makes of each list of words, all in one JVM. */
  async ask(questions: readonly SubmitQuestion[]): Promise<readonly SubmitAnswer[]> {
    const [asked, told] = [join(this.#folder, 'asked.json'), join(this.#folder, 'told.json')];
    writeFileSync(asked, JSON.stringify(questions));
    await this.run(`spark-submit --master 'local[1]' '${join(this.#folder, 'reader.py')}' '${asked}' '${told}'`);
    return JSON.parse(readFileSync(told, 'utf8')) as SubmitAnswer[];
  }

  /** Runs a line as it is, nothing replaced. @returns what it printed */
  async run(line: string): Promise<string> {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line], {
      env: this.#env,
      cwd: this.#folder,
      timeout: 600_000,
      maxBuffer: 2 ** 26,
    });
    return stdout;
  }

  /** Runs a line that ends with {@link echo} and its arguments. @returns the configuration and the arguments that arrived */
  async told(line: string): Promise<{ conf: Record<string, string>; arguments: readonly string[] }> {
    const [, told] = /TOLD (.*)/.exec(await this.run(line)) ?? [];
    if (told === undefined) throw new Error(`Spark said nothing of ${line}`);
    return JSON.parse(told) as { conf: Record<string, string>; arguments: readonly string[] };
  }
}
