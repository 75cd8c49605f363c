/**
 * What can be asked of a subscription to streams, as plain data. The surprise: nothing of the
 * streams goes through it; it says that there is something, and remembers what was acknowledged.
 */
import type { SubscriptionCalls } from '../push/calls.ts';

export interface StreamSubscription {
  readonly id: string;
  readonly type: 'webhook' | 'pull-wake';
  /** Streams by `*` and `**`; null: only those that are named. */
  readonly pattern: string | null;
  readonly streams: readonly string[];
  readonly webhookUrl: string | null;
  /** The stream on which workers are told that there is something to claim. */
  readonly wakeStream: string | null;
  readonly leaseTtlMs: number;
  readonly description: string | null;
}

/** With what its maker does not say. */
export interface DefinedSubscription extends StreamSubscription {
  /** The URL below which its streams are, with a slash at the end. */
  readonly base: string;
  readonly principal: { readonly type: string; readonly name: string };
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** One of its streams. */
export interface LinkView {
  readonly path: string;
  readonly explicit: boolean;
  /** Below it all is acknowledged; -1: nothing, not even that the stream is there. */
  readonly acked: number;
  readonly tail: number;
}

export interface Wake {
  readonly wakeId: string;
  readonly generation: number;
  readonly token: string;
  readonly links: readonly LinkView[];
}

/** Who works on a wake, as it shows. */
export interface Claimed {
  readonly token: string;
  readonly wakeId: unknown;
  readonly generation: unknown;
}

export type Denied = 'notFound' | 'otherType' | 'badToken' | 'fenced';

export interface StreamSubscriptionCalls extends Pick<SubscriptionCalls, 'wake' | 'topicsChanged'> {
  define: {
    command: { subscription: DefinedSubscription };
    reply: { outcome: 'created' | 'exists' | 'differs' } | { outcome: 'refused'; why: string };
  };
  look: {
    command: Record<never, never>;
    reply: {
      found: {
        readonly subscription: DefinedSubscription;
        readonly links: readonly LinkView[];
        readonly status: 'active' | 'failed';
      } | null;
    };
  };
  remove: { command: Record<never, never>; reply: null };
  addStreams: { command: { paths: readonly string[] }; reply: { outcome: 'done' | 'notFound' } };
  removeStream: { command: { path: string }; reply: { outcome: 'done' | 'notFound' } };
  claim: {
    command: { worker: string };
    reply:
      | { outcome: 'claimed'; wake: Wake }
      | { outcome: 'held'; holder: string; generation: number }
      | { outcome: 'noWork' | 'notFound' | 'otherType' };
  };
  acknowledge: {
    command: Claimed & {
      by: StreamSubscription['type'];
      acks: readonly { readonly path: string; readonly offset: number }[];
      done: boolean;
    };
    reply: { outcome: 'done'; nextWake: boolean } | { outcome: Denied | 'badOffset' };
  };
  release: { command: Claimed; reply: { outcome: 'done' | Denied } };
}
