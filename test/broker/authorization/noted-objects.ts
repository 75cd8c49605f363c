/** Objects with a list of the calls that reached them. */
import type { Objects } from '../../../src/runtime/stubs.ts';

/** `partition <topicId> append {…}`, `group readers heartbeat {…}`, … as they were made. */
export function notedObjects(objects: Objects, calls: string[]): Objects {
  return {
    partition: (topicId, partition) =>
      noted(`partition ${topicId}`, objects.partition(topicId, partition), calls),
    group: (groupId) => noted(`group ${groupId}`, objects.group(groupId), calls),
    transaction: (id) => noted(`transaction ${id}`, objects.transaction(id), calls),
    controller: () => noted('controller', objects.controller(), calls),
    subscription: (name) => noted(`subscription ${name}`, objects.subscription(name), calls),
  };
}

export function noted<S extends { call(kind: never, command: never): Promise<unknown> }>(
  at: string,
  stub: S,
  calls: string[],
): S {
  const call = (kind: never, command: never) => {
    calls.push(`${at} ${kind as string} ${JSON.stringify(command)}`);
    return stub.call(kind, command);
  };
  const watch = 'watch' in stub ? (stub as unknown as { watch(): unknown }).watch.bind(stub) : 0;
  return { ...stub, call, watch } as unknown as S;
}
