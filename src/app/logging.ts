import { readFileSync } from 'node:fs';
import { createLogger, format, transports, type Logger as WinstonLogger } from 'winston';
import type { LogFields, Logger } from '../logging/logger.ts';
import { ConfigError } from '../util/errors.ts';
import type { Redactor } from '../util/redaction/redactor.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

interface TransportSettings {
  readonly type: 'console' | 'file';
  /** `text` for people, `json` for machines: one valid JSON object a line, whatever is in it. */
  readonly format?: 'text' | 'json';
  readonly level?: LogLevel;
  /** For `file`. */
  readonly path?: string;
  readonly maxBytes?: number;
  readonly maxFiles?: number;
}

/** The shape of logging.json. */
export interface LoggingSettings {
  readonly level: LogLevel;
  readonly transports: readonly TransportSettings[];
}

const DEFAULT: LoggingSettings = { level: 'info', transports: [{ type: 'console', format: 'text' }] };

/**
 * @param path - logging.json; undefined takes the default: sentences on standard error
 * @throws ConfigError `CONFIG_LOGGING`
 */
export function readLoggingSettings(path: string | undefined): LoggingSettings {
  if (path === undefined) return DEFAULT;
  let settings: LoggingSettings;
  try {
    settings = { ...DEFAULT, ...(JSON.parse(readFileSync(path, 'utf8')) as Partial<LoggingSettings>) };
  } catch (cause) {
    throw new ConfigError(
      'CONFIG_LOGGING',
      `${path} cannot be read as JSON: compare it with the logging.json that comes with Spot`,
      { cause },
    );
  }
  checkSettings(settings, path);
  return settings;
}

function checkSettings(settings: LoggingSettings, path: string): void {
  const refuse = (what: string): never => {
    throw new ConfigError('CONFIG_LOGGING', `${path}: ${what}`);
  };
  if (!LOG_LEVELS.includes(settings.level)) refuse(`level must be one of ${LOG_LEVELS.join(', ')}`);
  if (!Array.isArray(settings.transports)) refuse('transports must be a list');
  for (const { type, path: file, format: kind } of settings.transports) {
    if (!['console', 'file'].includes(type))
      refuse(`transports[].type must be console or file, not ${JSON.stringify(type)}`);
    if (kind !== undefined && !['text', 'json'].includes(kind)) refuse('transports[].format must be text or json');
    if (type === 'file' && file === undefined) refuse('a transport of type file needs a path');
  }
}

/**
 * The logger everybody receives. Every message and field passes the redactor before it goes anywhere.
 *
 * Standard output belongs to data: the console transport writes to standard error.
 */
export function createSpotLogger(
  settings: LoggingSettings,
  redactor: Redactor,
  level: LogLevel = settings.level,
): Logger {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston declares its own transports without their base class
  const winston = createLogger({ level, transports: settings.transports.map(toTransport) });
  return wrap(winston, {}, redactor);
}

function toTransport(settings: TransportSettings) {
  const shape =
    settings.format === 'json'
      ? format.combine(format.timestamp(), format.json())
      : format.combine(format.timestamp(), format.printf(textLine));
  const common = { format: shape, ...(settings.level === undefined ? {} : { level: settings.level }) };
  if (settings.type === 'console') return new transports.Console({ ...common, stderrLevels: [...LOG_LEVELS] });
  const { path: filename = 'spot.log', maxBytes: maxsize = 10 * 1024 * 1024, maxFiles = 3 } = settings;
  return new transports.File({ ...common, filename, maxsize, maxFiles });
}

/** `2026-11-21T08:13:31.928Z warn  Run could not be read. runId=app-1 code=SOURCE_TIMEOUT` on exactly one line. */
function textLine(info: Readonly<Record<string, unknown>>): string {
  const { level, message, timestamp, ...fields } = info;
  const pairs = Object.entries(fields).map(
    ([key, value]) => ` ${oneLine(key)}=${oneLine(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  return `${String(timestamp)} ${String(level).padEnd(5)} ${oneLine(String(message))}${pairs.join('')}`;
}

/** Control characters and bidirectional overrides are escaped: an application's name cannot forge a line or hide one. */
function oneLine(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

function wrap(winston: WinstonLogger, own: LogFields, redactor: Redactor): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (!winston.isLevelEnabled(level)) return;
      winston.log({ ...redacted({ ...own, ...fields }, redactor), level, message: redactor.text(message) });
    };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    child: (fields) => wrap(winston, { ...own, ...fields }, redactor),
  };
}

/** Fields named like winston's own would replace the line's level or message. */
const RESERVED = new Set(['level', 'message', 'timestamp', 'splat']);

function redacted(fields: LogFields, redactor: Redactor): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [
        RESERVED.has(key) ? `${key}_` : key,
        typeof value === 'string' ? redactor.property(key, value) : redactor.deep(toPlain(value)),
      ]),
  );
}

/** An error's own fields are not enumerable: JSON would show `{}`. */
function toPlain(value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message };
  return typeof value === 'bigint' ? String(value) : value;
}
