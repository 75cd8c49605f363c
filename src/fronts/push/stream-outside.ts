/**
 * The world as subscriptions to streams have it in a Worker. The surprise: what a webhook answers
 * is read no further than a small JSON object needs, whatever it sends.
 */
import type { Principal } from '../../broker/authorizer.ts';
import { clientContext, type Gateway } from '../../broker/gateway.ts';
import { addressProblem } from '../../core/push/addresses.ts';
import { AclOperation, AclResourceType } from '../../protocol/acl.ts';
import type { StreamSubscriptionOutside } from '../../runtime/stream-subscription/host.ts';

/** A webhook that has not answered by then has failed. */
const timeoutMs = 10_000;
const mostAnswerBytes = 65_536;

export interface StreamOutsideOptions {
  readonly privateHosts: readonly string[];
  fetch(url: string, init: RequestInit): Promise<Response>;
}

export function streamOutside(
  gateway: () => Gateway,
  { privateHosts, fetch }: StreamOutsideOptions,
): StreamSubscriptionOutside {
  const allowed = async (
    principal: Principal,
    operation: 'READ' | 'WRITE',
    topics: readonly string[],
  ) => {
    const context = clientContext(gateway(), {
      principal,
      clientHost: '/127.0.0.1',
      // Nobody dials what is in the same process.
      dialled: { host: 'kedge', port: 9092 },
      signal: new AbortController().signal,
    });
    const may = (topic: string) =>
      context.authorizer.may(AclOperation[operation], AclResourceType.TOPIC, topic);
    const rights = await Promise.all(topics.map(may));
    context.watches.closeAll();
    return topics.filter((_, index) => rights[index]);
  };
  return {
    readable: (principal, topics) => allowed(principal, 'READ', topics),
    mayWrite: async (principal, topic) => (await allowed(principal, 'WRITE', [topic])).length > 0,
    problemOf: (url) => addressProblem(url, privateHosts),
    async post(url, body, signature) {
      const failed = { ok: false, done: false };
      // Names may have been let in before, and are not any more.
      if (addressProblem(url, privateHosts) !== undefined) return failed;
      const headers = { 'content-type': 'application/json', 'webhook-signature': signature };
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const init: RequestInit = { method: 'POST', headers, body, redirect: 'manual', signal };
        const response = await fetch(url, init);
        if (response.ok) return { ok: true, done: await saysDone(response) };
        await response.body?.cancel();
        return failed;
      } catch {
        return failed;
      }
    },
  };
}

async function saysDone(response: Response): Promise<boolean> {
  try {
    let text = '';
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) break;
      text += value;
      if (text.length > mostAnswerBytes) {
        await reader?.cancel();
        return false;
      }
    }
    return (JSON.parse(text) as { done?: unknown } | null)?.done === true;
  } catch {
    return false;
  }
}
