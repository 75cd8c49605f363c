/**
 * One life of the cluster, from one reset to the next. The surprise: a reset empties nothing. The
 * objects of the next life have other names, so nothing of this one can be seen there, and nothing
 * that is still under way here can be written there; the old objects are wiped behind its back.
 */
import type { Gateway } from '../../broker/gateway.ts';
import type { Env } from '../../runtime/worker-objects.ts';
import { Moment } from './moment.ts';

const namespaces = [
  'PARTITION',
  'GROUP_COORDINATOR',
  'TRANSACTION_COORDINATOR',
  'CLUSTER_CONTROLLER',
  'REST_CONSUMER',
  'SUBSCRIPTION',
  'STREAM_SUBSCRIPTION',
] as const;

/** In front of the name of an object; what was there before any reset has nothing there. */
function prefixOf(generation: number): string {
  return generation === 0 ? '' : `\0${generation}\0`;
}

/** The generation of an object with this name. */
export function generationNamed(name: string): number {
  return Number(/^\0(\d+)\0/.exec(name)?.[1] ?? 0);
}

export class Generation {
  readonly number: number;
  /** The bindings, which lead to its own objects alone. */
  readonly env: Env;
  /** The one of its clients; undefined: none has come yet. */
  gateway: Gateway | undefined;
  /** Requests that are under way in it. */
  underWay = 0;
  /** Another one has begun. */
  readonly ended = new Moment();
  #isClosed = false;

  constructor(number: number, env: Env) {
    this.number = number;
    const own = namespaces.map((name) => [name, this.#within(env[name])]);
    this.env = { ...env, ...Object.fromEntries(own) };
  }

  /** From now on none of its objects is to be had. */
  close(): void {
    this.#isClosed = true;
  }

  #within(namespace: DurableObjectNamespace): Pick<DurableObjectNamespace, 'idFromName' | 'get'> {
    const prefix = prefixOf(this.number);
    return {
      idFromName: (name) => namespace.idFromName(prefix + name),
      get: (id) => {
        if (this.#isClosed) throw new Error('this Kedge was reset');
        return namespace.get(id);
      },
    };
  }
}
