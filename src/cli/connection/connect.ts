/** From what was said on the command line and around it to a cluster. */
import { transportTo } from '../../client/transport.ts';
import { Cluster } from './cluster.ts';
import { decisive } from './first-contact.ts';
import { HttpConnection, whoAsks } from './http.ts';
import { type Asked, localUrl, type Settings, settingsFrom } from './settings.ts';
import { tcpTransport } from './tcp.ts';

/** Throws UsageError where what was said does not go together. Opens nothing yet. */
export async function connect(asked: Asked): Promise<Cluster> {
  return clusterAt(await settingsFrom(asked));
}

export function clusterAt(settings: Settings): Cluster {
  const { url, bootstrap, credentials, requestTimeoutMs } = settings;
  const nobody = whoAsks(credentials);
  if (url !== undefined) {
    const name = url.href.replace(/\/$/, '');
    const isHttp = name.startsWith('http');
    const http = isHttp ? new HttpConnection(name, credentials) : undefined;
    const way = transportTo(url, credentials);
    const nowhere = '--url says where Kedge is.';
    const transport = decisive(way, name, { nowhere, nobody, requestTimeoutMs });
    return new Cluster({ name, transport, requestTimeoutMs, http, isHttp });
  }
  const name = bootstrap.join(',');
  const nowhere = '--bootstrap says where the cluster is, and kedge dev starts one here.';
  const transport = decisive(tcpTransport(settings), name, { nowhere, nobody, requestTimeoutMs });
  // The Kedge on this machine is there by HTTP, too.
  const http = settings.isLocal ? new HttpConnection(localUrl, credentials) : undefined;
  return new Cluster({ name, transport, requestTimeoutMs, http });
}
