/**
 * What workerd is told: which Worker to run, where its objects are kept, where to listen. The
 * surprise: the files of the objects lie where Miniflare kept them, so that what was written by a
 * Kedge of that time is still read.
 */
import { rootCertificates } from 'node:tls';
import { capnpText, Embedded } from './capnp-text.ts';
import { type Address, isEveryAddress } from './local-options.ts';
import type { WorkerConfig } from './worker-config.ts';

export interface Socket extends Address {
  readonly name: string;
  readonly kind: 'tcp' | 'http';
}

export interface WorkerdSetup {
  /** The file with the script, beside the one with this configuration. */
  readonly script: string;
  readonly worker: WorkerConfig;
  readonly variables: Readonly<Record<string, string>>;
  /** The directory of the objects' files. */
  readonly objectsPath: string;
  readonly sockets: readonly Socket[];
}

/** A configuration as a file for `workerd serve`. */
export function workerdConfig(setup: WorkerdSetup): string {
  const config = {
    services: [
      { name: 'kedge', worker: workerOf(setup) },
      { name: 'objects', disk: { path: slashed(setup.objectsPath), writable: true } },
      {
        // Webhooks and key sets may be anywhere; what is not allowed the Worker itself refuses.
        name: 'internet',
        network: {
          allow: ['public', 'private', '240.0.0.0/4'],
          tlsOptions: { trustBrowserCas: true, trustedCertificates: moreCertificates() },
        },
      },
    ],
    sockets: setup.sockets.map((socket) => ({
      name: socket.name,
      address: listened(socket),
      ...(socket.kind === 'tcp' ? { tcp: {} } : { http: httpOptions }),
      service: 'kedge',
    })),
    logging: { structuredLogging: true },
  };
  return `using Workerd = import "/workerd/workerd.capnp";\n
const config :Workerd.Config = ${capnpText(config)};\n`;
}

/** Nobody but Cloudflare may say where a client is; a proxy may say how it was spoken to. */
const httpOptions = {
  forwardedProtoHeader: 'X-Forwarded-Proto',
  injectRequestHeaders: [{ name: 'CF-Connecting-IP' }],
};

function workerOf({ script, worker, variables }: WorkerdSetup) {
  const objects = Object.entries(worker.durableObjects);
  return {
    modules: [{ name: 'worker.js', esModule: new Embedded(script) }],
    compatibilityDate: worker.compatibilityDate,
    compatibilityFlags: worker.compatibilityFlags,
    bindings: [
      ...Object.entries(variables).map(([name, text]) => ({ name, text })),
      ...objects.map(([name, { className }]) => ({ name, durableObjectNamespace: className })),
    ],
    durableObjectNamespaces: objects.map(([, { className }]) => ({
      className,
      uniqueKey: `${worker.name}-${className}`,
      enableSql: true,
    })),
    durableObjectStorage: { localDisk: 'objects' },
  };
}

/** `host:port` in the way of workerd; `*` is every address, of both families. */
function listened({ host, port }: Address): string {
  if (isEveryAddress(host)) return host === '0.0.0.0' ? `0.0.0.0:${port}` : `*:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Those of Windows workerd cannot find by itself. */
function moreCertificates(): readonly string[] {
  return process.platform === 'win32' ? rootCertificates : [];
}

function slashed(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}
