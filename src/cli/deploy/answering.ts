/** Waiting for a Kedge that was deployed a moment ago: names and certificates take their time. */
import { setTimeout as delay } from 'node:timers/promises';

export type Answering =
  /** It answers, and knows the token, if one was shown. */
  | 'ready'
  /** It answers, and does not know the token (yet). */
  | 'stranger'
  /** Nothing answers, or not what a Kedge would. */
  | 'silent';

/** Asks until it is ready, or the time is over. `token`: undefined, to see that it is there. */
export async function untilItAnswers(
  url: string,
  token: string | undefined,
  { forMs, pauseMs = 1_000 }: { readonly forMs: number; readonly pauseMs?: number },
): Promise<Answering> {
  const deadline = Date.now() + forMs;
  for (;;) {
    const answering = await ask(url, token);
    if (answering === 'ready' || Date.now() + pauseMs > deadline) return answering;
    await delay(pauseMs);
  }
}

async function ask(url: string, token: string | undefined): Promise<Answering> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  try {
    const signal = AbortSignal.timeout(5_000);
    const response = await fetch(`${url}/v3/clusters`, { headers, signal });
    const body: unknown = await response.json();
    const isKedge = typeof body === 'object' && body !== null;
    if (!isKedge) return 'silent';
    if (response.ok) return 'ready';
    const knowsNobody = response.status === 401 && 'error_code' in body;
    if (knowsNobody) return token === undefined ? 'ready' : 'stranger';
    return 'silent';
  } catch {
    return 'silent';
  }
}
