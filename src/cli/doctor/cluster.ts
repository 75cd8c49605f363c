/**
 * Whether a cluster can be reached, by whom, and whether clients can go where it sends them. The
 * surprise: a Kafka client connects twice, the second time to what the first answer told it, and
 * that address is what is wrong most often.
 */
import { lookup } from 'node:dns/promises';
import { connect as dial } from 'node:net';
import { AclOperation } from '../../protocol/acl.ts';
import { describeCluster } from '../../protocol/apis/describe-cluster.ts';
import { metadata } from '../../protocol/apis/metadata.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { addressText } from '../../runtime/listeners.ts';
import type { Cluster } from '../connection/cluster.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const dialMs = 3_000;

/** By Kafka's protocol, over whichever way leads there. */
export async function cluster(there: Cluster): Promise<readonly Finding[]> {
  const { name, link } = there;
  const answer = await link.call(metadata, { topics: [] });
  const id = answer.clusterId === null ? '' : `, cluster ${answer.clusterId}`;
  const findings: Finding[] = [ok('cluster', `${name} answers${id}`)];
  const rights = await rightsOf(there).catch(() => undefined);
  if (rights !== undefined) findings.push(ok('rights', rights));
  // Over HTTP nobody connects to what it says; a tunnel has its own address.
  if (/^[a-z]+:\/\//.test(name)) return findings;
  const brokers = await Promise.all(answer.brokers.map((broker) => advertised(broker, name)));
  return [...findings, ...brokers.flat()];
}

/** What those who ask may do with the cluster itself. */
async function rightsOf({ link }: Cluster): Promise<string | undefined> {
  const answer = await link.call(describeCluster, { includeClusterAuthorizedOperations: true });
  if (answer.errorCode !== ErrorCode.NONE) return undefined;
  const bits = answer.clusterAuthorizedOperations;
  // Not asked, or not known.
  if (bits === -2_147_483_648) return undefined;
  const may = Object.entries(AclOperation).filter(
    ([, bit]) => bit > 1 && (bits & (1 << bit)) !== 0,
  );
  const list = may.map(([operation]) => operation).join(', ');
  return `with the cluster itself you may: ${list || 'nothing; topics may have ACLs of their own'}`;
}

/** Whether a client can connect to what it is told. */
async function advertised(
  { nodeId, host, port }: { readonly nodeId: number; readonly host: string; readonly port: number },
  name: string,
): Promise<readonly Finding[]> {
  const check = 'advertised';
  const address = addressText({ host, port });
  const told = `broker ${nodeId} sends clients to ${address}`;
  const advice =
    `${name} answers, so the cluster is there: have it tell clients an address that is right ` +
    'for this machine (KAFKA_ADVERTISED_LISTENERS, kedge dev --advertise)';
  const found = await lookup(host).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    return [fail(check, `${told}, and there is no such host here (${found.code})`, advice)];
  }
  const problem = await reached(host, port);
  if (problem !== undefined)
    return [fail(check, `${told}, where nothing answers (${problem})`, advice)];
  return [ok(check, `${told}, which can be reached`)];
}

/** Undefined: something listens there. */
export function reached(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = dial({ host, port });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(dialMs, () => end(`no answer within ${dialMs / 1_000} s`));
    socket.once('connect', () => end(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}

/** The host's name, before anything is asked of it: for the bootstrap servers, or a URL. */
export async function names(hosts: readonly string[]): Promise<readonly Finding[]> {
  const found = await Promise.all(
    [...new Set(hosts)].map(async (host) => {
      const addresses = await lookup(host, { all: true }).catch((error: Error) => error);
      if (addresses instanceof Error) {
        const code = (addresses as NodeJS.ErrnoException).code;
        return fail('name', `there is no host ${host} (${code})`, 'is it spelled right?');
      }
      const list = addresses.map(({ address }) => address);
      // An address is its own name.
      return list.includes(host) ? undefined : ok('name', `${host} is ${list.join(', ')}`);
    }),
  );
  return found.filter((finding) => finding !== undefined);
}

/** A Kedge over HTTP: its version beside ours, and its clock beside this machine's. */
export async function overHttp(url: string, ourVersion: string): Promise<readonly Finding[]> {
  const asked = Date.now();
  const response = await fetch(`${url}${document}`, { signal: AbortSignal.timeout(dialMs) });
  const said: unknown = await response.json().catch(() => undefined);
  const date = Date.parse(response.headers.get('date') ?? '');
  return [
    ...versions(said, ourVersion),
    ...(Number.isNaN(date) ? [] : [clock(date - (asked + Date.now()) / 2)]),
  ];
}

/** Whether what answers there is a Kedge, whoever may come in. */
export async function isKedge(url: string): Promise<boolean> {
  const response = await fetch(`${url}${document}`, { signal: AbortSignal.timeout(2_000) });
  return versionIn(await response.json()) !== undefined;
}

/** What it says of itself to everybody. */
const document = '/openapi.json';

function versionIn(said: unknown): string | undefined {
  const { info } = (said ?? {}) as { readonly info?: { title?: unknown; version?: unknown } };
  return info?.title === 'Kedge' ? String(info.version) : undefined;
}

function versions(said: unknown, ours: string): Finding[] {
  const theirs = versionIn(said);
  if (theirs === undefined) return [fail('version', 'what answers there is no Kedge')];
  if (theirs === ours) return [ok('version', `${theirs}, here and there`)];
  const advice = 'kedge deploy brings what is deployed up to this one';
  return [warn('version', `${ours} here, ${theirs} there`, advice)];
}

function clock(aheadMs: number): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  const which = aheadMs > 0 ? 'behind' : 'ahead of';
  if (seconds <= 5) return ok('clock', 'as there');
  const says = `this machine's is ${seconds} s ${which} that of Kedge`;
  const advice = 'set it by the network (NTP): tokens and timestamps depend on it';
  return seconds > 300 ? fail('clock', says, advice) : warn('clock', says, advice);
}
