/** What a row of the table of routes says. */
import type { Right } from '../../../broker/authorization/guarded-cluster.ts';

export type { Right } from '../../../broker/authorization/guarded-cluster.ts';
export { cluster, topic } from '../../../broker/authorization/row.ts';

export const group = (operation: Right[0], name = 'cooks'): Right => [operation, 'GROUP', name];

export interface Row {
  /** A method and a path; names in capitals stand for what is known when it is asked. */
  readonly ask: string;
  /** What of the route this is about, where there are several rows. */
  readonly about?: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What it is answered with; 200 unless it says otherwise. */
  readonly status?: number;
  /** All of them are needed; none: whoever is let in may. */
  readonly rights?: readonly Right[];
  /** What is told to who may not, in the place of a refusal. */
  readonly hides?: unknown;
  /** Where one right is missing and what it is about is as if it were not there. */
  readonly withoutOne?: number;
  /** What an object is asked first, by who lacks one of several rights. */
  readonly looks?: string;
  /** Why nobody is asked who they are. */
  readonly open?: string;
  /** Why somebody may come in who says nothing. */
  readonly asksLater?: string;
  /** In the place of credentials: what this token alone opens. */
  readonly key?: string;
}

/** Where a WebSocket would be opened: there is none in memory. */
export const upgraded = 299;
export const asWebSocket = { upgrade: 'websocket' };
