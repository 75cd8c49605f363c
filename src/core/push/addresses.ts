/**
 * Which addresses a webhook may have. The surprise: it is the text that is judged, since a Worker
 * cannot look up a name before it connects; names that are made to lead inside are not known by
 * it. Cloudflare's network leads nowhere private; on a machine of one's own it might.
 */

/** Why nothing is sent there; undefined: it may be. `allowed`: hosts, with or without a port. */
export function addressProblem(url: string, allowed: readonly string[]): string | undefined {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return 'it is no URL';
  }
  const { protocol, hostname, host, username, password } = parsed;
  if (protocol !== 'https:' && protocol !== 'http:') return 'only https is spoken';
  if (username !== '' || password !== '') return 'credentials do not belong into a URL';
  if (allowed.includes(hostname) || allowed.includes(host)) return undefined;
  if (protocol === 'http:') return 'only https is spoken, but to hosts of KEDGE_PUSH_PRIVATE_HOSTS';
  return isPrivate(hostname)
    ? 'the address is private, and KEDGE_PUSH_PRIVATE_HOSTS does not list it'
    : undefined;
}

const innerNames = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|arpa|test|invalid)\.?$/i;

function isPrivate(hostname: string): boolean {
  if (hostname.startsWith('[')) return isPrivateV6(hostname.slice(1, -1));
  // The URL parser has brought every form of an IPv4 address to this one.
  if (/^\d+\.\d+\.\d+\.\d+$/.test(hostname)) return isPrivateV4(hostname.split('.').map(Number));
  // A dot at the end makes no name of two parts.
  return !hostname.replace(/\.$/, '').includes('.') || innerNames.test(hostname);
}

/** What is not public by the registry of special addresses (RFC 6890 and its updates). */
const privateV4: readonly (readonly [address: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

function isPrivateV4(bytes: readonly number[]): boolean {
  const address = numberOf(bytes);
  return privateV4.some(([text, bits]) => {
    const size = 2 ** (32 - bits);
    const first = numberOf(text.split('.').map(Number));
    return first <= address && address < first + size;
  });
}

function numberOf(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** Public is 2000::/3, without documentation, Teredo, 6to4 and the like. */
function isPrivateV6(text: string): boolean {
  const groups = groupsOf(text);
  const [first, second] = groups;
  if ((first & 0xe000) !== 0x2000) return true;
  if (first === 0x2001 && (second < 0x0200 || second === 0x0db8)) return true;
  return first === 0x2002 || first === 0x3ffe || first === 0x3fff;
}

/** As the URL parser writes it: no dotted part, at most one `::`. */
function groupsOf(text: string): number[] {
  const [head, tail] = text.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const after = tail ?? [];
  const zeros = Array<string>(Math.max(0, 8 - head.length - after.length)).fill('0');
  return [...head, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}
