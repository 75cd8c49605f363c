/**
 * Kafka's port of a cluster. The surprise: where there is one broker, as in a Kedge, it is talked
 * to where it was found, whatever address it says it has.
 */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Transport } from '../../client/channel.ts';
import { Refused } from '../usage.ts';
import { type Line, type LineOptions, openLine } from './line.ts';
import { openCluster } from './router.ts';
import { authenticate } from './sasl.ts';
import type { Settings, TlsSettings } from './settings.ts';

/** As `socket.connection.setup.timeout.ms`. */
const setupTimeoutMs = 10_000;

export function tcpTransport(settings: Settings): Transport {
  const { requestTimeoutMs } = settings;
  let options: Promise<LineOptions> | undefined;
  const lineTo = async (address: string): Promise<Line> => {
    options ??= lineOptions(settings.tls, requestTimeoutMs);
    return authenticate(() => options!.then((how) => openLine(address, how)), settings);
  };
  return {
    address: {},
    open: () => openCluster(settings.bootstrap, lineTo),
  };
}

async function lineOptions(
  tls: TlsSettings | undefined,
  requestTimeoutMs: number,
): Promise<LineOptions> {
  // Less than the whole request may take, so that it can be said who was silent.
  const most = Math.ceil(requestTimeoutMs / 2);
  const limits = { connectTimeoutMs: Math.min(setupTimeoutMs, most), answerTimeoutMs: most };
  if (tls === undefined) return { tls: undefined, ...limits };
  const [ca, cert, key] = await Promise.all([tls.ca, tls.cert, tls.key].map(pemOf));
  const options: TlsOptions = {
    ...(ca && { ca }),
    ...(cert && { cert, key: key ?? cert }),
    ...(tls.keyPassword && { passphrase: tls.keyPassword }),
    ...(!tls.checkHost && { checkServerIdentity: () => undefined }),
  };
  return { tls: options, ...limits };
}

/** The text itself, or what is in the file of that name. */
async function pemOf(text: string | undefined): Promise<string | undefined> {
  if (text === undefined || text.includes('-----BEGIN')) return text;
  return readFile(text, 'utf8').catch((error: Error) => {
    throw new Refused(`${text} cannot be read: ${error.message}.`);
  });
}
