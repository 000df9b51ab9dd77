import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ConfigError, toError } from '../../util/errors.ts';
import type { HistoryServerSettings } from './config.ts';

export interface TlsOptions extends SecureContextOptions {
  readonly rejectUnauthorized: boolean;
}

/**
 * The TLS options of the settings. Certificates are checked unless `insecure` is set; nothing below TLS 1.2.
 *
 * @throws ConfigError `CONFIG_UNREADABLE_FILE`, `CONFIG_INVALID_VALUE`
 */
export function tlsOptions(settings: HistoryServerSettings): TlsOptions {
  const { ssl_path, insecure, client_certificate_path, client_key_path, client_key_passphrase } = settings;
  if ((client_certificate_path === '') !== (client_key_path === '')) {
    throw new ConfigError(
      'CONFIG_INVALID_VALUE',
      'client_certificate_path and client_key_path belong together; give both or none',
    );
  }
  const context: SecureContextOptions = {
    minVersion: 'TLSv1.2',
    ...(ssl_path === '' ? {} : { ca: readKeyFile(ssl_path, 'ssl_path') }),
    ...(client_certificate_path === ''
      ? {}
      : {
          cert: readKeyFile(client_certificate_path, 'client_certificate_path'),
          key: readKeyFile(client_key_path, 'client_key_path'),
        }),
    ...(client_key_passphrase === '' ? {} : { passphrase: client_key_passphrase }),
  };
  refuseBrokenFiles(context);
  return { ...context, rejectUnauthorized: !insecure };
}

/** A key that does not fit its certificate is found at the start, not at the first connection. */
function refuseBrokenFiles(context: SecureContextOptions): void {
  try {
    createSecureContext(context);
  } catch (error) {
    throw new ConfigError(
      'CONFIG_INVALID_VALUE',
      `The files of ssl_path, client_certificate_path and client_key_path do not make a TLS identity (${toError(error).message})`,
      { cause: error },
    );
  }
}

function readKeyFile(path: string, key: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigError(
      'CONFIG_UNREADABLE_FILE',
      `The file of ${key} cannot be read: ${path} (${toError(error).message})`,
      { cause: error },
    );
  }
}
