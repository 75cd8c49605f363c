/**
 * What workerd is told: which Worker to run, where its objects are kept, where to listen. The
 * surprise: the files of the objects lie where Miniflare kept them, so that what was written by a
 * Kedge of that time is still read.
 */
import { readFileSync } from 'node:fs';
import { addressText } from '../runtime/listeners.ts';
import { type CapnpValue, capnpText, Embedded } from './capnp-text.ts';
import { type Address, isEveryAddress } from './local-options.ts';
import { type PrefixProps, prefixWorker } from './prefix-worker.ts';
import type { WorkerConfig } from './worker-config.ts';

export interface Socket extends Address {
  readonly name: string;
  readonly kind: 'tcp' | 'http';
  /** Present for a port that leads to a part of what is served. */
  readonly prefix?: PrefixProps;
}

export interface WorkerdSetup {
  /** The file with the script, beside the one with this configuration. */
  readonly script: string;
  readonly worker: WorkerConfig;
  readonly variables: Readonly<Record<string, string>>;
  /** The directory of the objects' files. */
  readonly objectsPath: string;
  readonly sockets: readonly Socket[];
  /** Who does for the Worker of a test what it cannot. */
  readonly host?: { readonly port: number; readonly secret: string } | undefined;
}

/** A configuration as a file for `workerd serve`. */
export function workerdConfig(setup: WorkerdSetup): string {
  const { objectsPath, sockets, host } = setup;
  const config = {
    services: [
      { name: 'kedge', worker: workerOf(setup) },
      { name: 'objects', disk: { path: slashed(objectsPath), writable: true } },
      {
        // Webhooks and key sets may be anywhere; what is not allowed the Worker itself refuses.
        name: 'internet',
        network: {
          allow: ['public', 'private', '240.0.0.0/4'],
          tlsOptions: { trustBrowserCas: true, trustedCertificates: moreCertificates() },
        },
      },
      ...(host ? [hostOf(host)] : []),
      ...(sockets.some(({ prefix }) => prefix) ? [prefixes(setup)] : []),
    ],
    sockets: sockets.map(socketOf),
    logging: { structuredLogging: true },
  };
  return `using Workerd = import "/workerd/workerd.capnp";\n
const config :Workerd.Config = ${capnpText(config)};\n`;
}

function workerOf({ script, worker, variables, host }: WorkerdSetup) {
  const objects = Object.entries(worker.durableObjects);
  return {
    modules: [{ name: 'worker.js', esModule: new Embedded(script) }],
    compatibilityDate: worker.compatibilityDate,
    compatibilityFlags: worker.compatibilityFlags,
    bindings: [
      ...Object.entries(variables).map(([name, text]) => ({ name, text })),
      ...objects.map(([name, { className }]) => ({ name, durableObjectNamespace: className })),
      ...(host ? [{ name: 'HOST', service: 'host' }] : []),
    ],
    durableObjectNamespaces: objects.map(([, { className }]) => ({
      className,
      uniqueKey: `${worker.name}-${className}`,
      enableSql: true,
    })),
    durableObjectStorage: { localDisk: 'objects' },
  };
}

function hostOf({ port, secret }: { port: number; secret: string }) {
  const shown = [{ name: 'Authorization', value: `Bearer ${secret}` }];
  const http = { injectRequestHeaders: shown };
  return { name: 'host', external: { address: `127.0.0.1:${port}`, http } };
}

function prefixes({ worker }: WorkerdSetup) {
  return {
    name: 'prefixes',
    worker: {
      modules: [{ name: 'prefixes.js', esModule: prefixWorker }],
      compatibilityDate: worker.compatibilityDate,
      bindings: [{ name: 'KEDGE', service: 'kedge' }],
    },
  };
}

/** Nobody but Cloudflare may say where a client is; a proxy may say how it was spoken to. */
const httpOptions = {
  forwardedProtoHeader: 'X-Forwarded-Proto',
  injectRequestHeaders: [{ name: 'CF-Connecting-IP' }],
};

function socketOf({ name, kind, prefix, ...address }: Socket): CapnpValue {
  return {
    name,
    address: listened(address),
    ...(kind === 'tcp' ? { tcp: {} } : { http: httpOptions }),
    service: prefix ? { name: 'prefixes', props: { json: JSON.stringify(prefix) } } : 'kedge',
  };
}

/** `host:port` in the way of workerd; `*` is every address, of both families. */
function listened({ host, port }: Address): string {
  if (isEveryAddress(host)) return host === '0.0.0.0' ? `0.0.0.0:${port}` : `*:${port}`;
  return addressText({ host, port });
}

/** Those that workerd does not know: Windows' own, and what Node.js was told to trust. */
function moreCertificates(): string[] {
  const own =
    process.platform === 'win32' ? process.getBuiltinModule('node:tls').rootCertificates : [];
  return [...own, ...extraCertificates(process.env.NODE_EXTRA_CA_CERTS)];
}

function extraCertificates(file: string | undefined): string[] {
  try {
    const text = file ? readFileSync(file, 'utf8') : '';
    return text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  } catch {
    // Node.js itself has said so.
    return [];
  }
}

function slashed(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}
