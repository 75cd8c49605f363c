/** What every client may be told, and what it is made of. */
import type { Credentials } from './channel.ts';
import { Link } from './link.ts';
import { type Connection, transportTo } from './transport.ts';

export interface ConnectionOptions extends Credentials {
  /** What Kedge calls this client where it describes groups and counts quotas. */
  readonly clientId?: string;
  /** How long an answer may take before it is asked for again. Default 30,000. */
  readonly requestTimeoutMs?: number;
}

/** Something may be given up by its caller. */
export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

/** A line to Kedge, opened when it is first used. */
export function linkTo(connection: Connection, options: ConnectionOptions): Link {
  const { clientId = 'kedge-client', requestTimeoutMs = 30_000 } = options;
  return new Link(transportTo(connection, options), { clientId, requestTimeoutMs });
}
