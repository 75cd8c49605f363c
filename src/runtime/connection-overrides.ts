/**
 * `max.connections.per.ip.overrides`: addresses that may have another number of connections than
 * the rest. The surprise: they are addresses, not hosts, for nobody resolves names here.
 */

/** `10.0.0.1:200,::1:50`. Throws a plain Error that says what it may be. */
export function maxConnectionsOf(text: string): ReadonlyMap<string, number> {
  const most = new Map<string, number>();
  for (const one of text.split(',').map((part) => part.trim())) {
    if (one === '') continue;
    const match = /^\[?([\w.:%-]+?)\]?:(\d+)$/.exec(one);
    if (match === null) throw new Error(`a list such as 10.0.0.1:200,10.0.0.2:50, not ${text}`);
    most.set(match[1], Number(match[2]));
  }
  return most;
}
