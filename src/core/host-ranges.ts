/**
 * The hosts of an access control entry: every one, one address, or a range of them in CIDR
 * notation. The surprise: addresses of IPv6 are compared by what they mean, since `::1` has many
 * spellings and every platform prefers another.
 */

interface Address {
  /** 4 or 16. */
  readonly bytes: readonly number[];
}

const everyHost = '*';
const v4Range = /^(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\/(\d{1,2})$/;

/** Whether an entry for these hosts speaks of a client at this address. */
export function isHostIn(host: string, hosts: string): boolean {
  if (hosts === everyHost || hosts === host) return true;
  const slash = hosts.indexOf('/');
  if (slash < 0 && !hosts.includes(':')) return false;
  const range = parseAddress(slash < 0 ? hosts : hosts.slice(0, slash));
  const address = parseAddress(host);
  if (range === undefined || address?.bytes.length !== range.bytes.length) return false;
  const bits = slash < 0 ? range.bytes.length * 8 : Number(hosts.slice(slash + 1));
  return range.bytes.every((byte, index) => {
    const ignored = 8 - Math.min(Math.max(bits - index * 8, 0), 8);
    return byte >> ignored === address.bytes[index] >> ignored;
  });
}

/** What is wrong with a range in CIDR notation, in Kafka's words; undefined: nothing. */
export function rangeProblem(range: string): string | undefined {
  const unparsed = `Could not parse [${range}]`;
  if (!range.includes(':')) {
    const match = v4Range.exec(range);
    if (match === null) return unparsed;
    const [, address, bits] = match;
    const octet = address.split('.').find((part) => Number(part) > 255);
    if (octet !== undefined) return `Value [${Number(octet)}] not in range [0,255]`;
    return Number(bits) > 32 ? `Value [${Number(bits)}] not in range [0,32]` : undefined;
  }
  const slash = range.indexOf('/');
  const bits = range.slice(slash + 1);
  if (!/^[+-]?\d+$/.test(bits)) return `${unparsed} - invalid prefix length`;
  if (Number(bits) < 0 || Number(bits) > 128) {
    return `${unparsed} - prefix length must be between 0 and 128`;
  }
  const address = range.slice(0, slash);
  const parsed = parseAddress(address);
  if (parsed === undefined) return `Could not parse [${address}]`;
  if (parsed.bytes.length === 4) return `Could not parse [${address}] - not an IPv6 address`;
  return undefined;
}

function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const bytes = v4Bytes(text);
    return bytes && { bytes };
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(v6Bytes);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  const bytes = [...head, ...Array<number>(missing).fill(0), ...(tail ?? [])];
  const isMappedV4 =
    bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] + bytes[11] === 510;
  return { bytes: isMappedV4 ? bytes.slice(12) : bytes };
}

function v4Bytes(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** The groups on one side of `::`; the last may be written as an address of IPv4. */
function v6Bytes(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const v4 = index === groups.length - 1 ? v4Bytes(group) : undefined;
    if (v4 !== undefined) bytes.push(...v4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes;
}
