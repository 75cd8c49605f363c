/**
 * Says who asks, on a line that is new: PLAIN, SCRAM or OAUTHBEARER. The surprise: where nobody
 * says how, the cluster is asked what it knows, and a password never goes as it is over a line that
 * others can read.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { saslAuthenticate } from '../../protocol/apis/sasl-authenticate.ts';
import { saslHandshake } from '../../protocol/apis/sasl-handshake.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { Refused } from '../usage.ts';
import type { Line } from './line.ts';
import type { Credentials, Mechanism, Settings } from './settings.ts';

/** The name that a token is the password of. */
const tokenUser = 'token';
const fewestIterations = 4096;

/** A line with whoever asks known at its other end. Throws Refused. */
export async function authenticate(open: () => Promise<Line>, settings: Settings): Promise<Line> {
  const { credentials, mechanism } = settings;
  const { token, username } = credentials;
  const line = await open();
  if (token === undefined && username === undefined) return line;
  const wanted = mechanism ?? (token === undefined ? 'SCRAM-SHA-256' : 'PLAIN');
  const known = await offer(line, wanted);
  if (known === undefined) return proven(line, wanted, credentials);
  line.close();
  if (known === 'nobody is asked') return open();
  const other = mechanism === undefined ? otherOf(known, line.address, settings) : undefined;
  if (other === undefined) {
    const names = known.join(', ') || 'none';
    throw new Refused(`${line.address} does not know ${wanted}; it knows ${names}.`);
  }
  const again = await open();
  await offer(again, other);
  return proven(again, other, credentials);
}

/** Undefined: take it; else those that there are, or that there is nothing of the kind. */
async function offer(
  line: Line,
  mechanism: Mechanism,
): Promise<readonly string[] | 'nobody is asked' | undefined> {
  const answer = await line.ask(saslHandshake, 1, { mechanism });
  if (answer.errorCode === ErrorCode.NONE) return undefined;
  if (answer.errorCode === ErrorCode.UNSUPPORTED_SASL_MECHANISM) return answer.mechanisms;
  return 'nobody is asked';
}

function otherOf(
  known: readonly string[],
  address: string,
  { tls, credentials }: Settings,
): Mechanism | undefined {
  const isPrivate = tls !== undefined || /^(127\.|localhost:|\[::1\])/.test(address);
  const choices: readonly Mechanism[] =
    credentials.token === undefined
      ? ['SCRAM-SHA-512', ...(isPrivate ? (['PLAIN'] as const) : [])]
      : ['OAUTHBEARER'];
  return choices.find((one) => known.includes(one));
}

async function proven(line: Line, mechanism: Mechanism, credentials: Credentials): Promise<Line> {
  try {
    const { token } = credentials;
    if (mechanism === 'OAUTHBEARER') await oauthBearer(line, token ?? credentials.password ?? '');
    else if (mechanism === 'PLAIN') await plain(line, credentials);
    else await scram(line, mechanism, credentials);
    return line;
  } catch (error) {
    line.close();
    throw error;
  }
}

async function say(line: Line, text: string): Promise<string> {
  const authBytes = new TextEncoder().encode(text);
  const answer = await line.ask(saslAuthenticate, 1, { authBytes });
  if (answer.errorCode === ErrorCode.NONE) return new TextDecoder().decode(answer.authBytes);
  throw new Refused(`${line.address} does not let us in: ${answer.errorMessage ?? 'no reason'}`);
}

/** RFC 4616. */
async function plain(line: Line, credentials: Credentials): Promise<void> {
  const { token, username = tokenUser, password = token ?? '' } = credentials;
  await say(line, `\0${username}\0${password}`);
}

/** RFC 7628. */
async function oauthBearer(line: Line, token: string): Promise<void> {
  const answer = await say(line, `n,,\u0001auth=Bearer ${token}\u0001\u0001`);
  if (answer === '') return;
  // What the broker says is wrong; it says no more before we have said that we heard.
  await say(line, '\u0001');
  throw new Refused(`${line.address} does not know this token: ${answer}`);
}

/** RFC 5802. */
async function scram(
  line: Line,
  mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512',
  { username = tokenUser, password = '', token }: Credentials,
): Promise<void> {
  const hash = mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512';
  const hmac = (key: Buffer | string, text: string | Buffer) =>
    createHmac(hash, key).update(text).digest();
  const name = username.replaceAll('=', '=3D').replaceAll(',', '=2C');
  const first = `n=${name},r=${randomBytes(24).toString('base64url')}`;
  const challenge = await say(line, `n,,${first}`);
  const { r: nonce = '', s: salt = '', i = '' } = attributesOf(challenge);
  const iterations = Number(i);
  if (!nonce.startsWith(first.slice(first.lastIndexOf(',r=') + 3)) || !(iterations >= 1)) {
    throw new Refused(`${line.address} answers SCRAM with '${challenge}'.`);
  }
  if (iterations < fewestIterations) {
    throw new Refused(`${line.address} keeps passwords with only ${iterations} iterations.`);
  }
  const size = hash === 'sha256' ? 32 : 64;
  const secret = Buffer.from(token ?? password);
  const salted = pbkdf2Sync(secret, Buffer.from(salt, 'base64'), iterations, size, hash);
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash(hash).update(clientKey).digest();
  const last = `c=biws,r=${nonce}`;
  const whole = `${first},${challenge},${last}`;
  const signature = hmac(storedKey, whole);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]));
  const { v = '' } = attributesOf(await say(line, `${last},p=${proof.toString('base64')}`));
  const expected = hmac(hmac(salted, 'Server Key'), whole);
  const shown = Buffer.from(v, 'base64');
  if (shown.length === expected.length && timingSafeEqual(shown, expected)) return;
  throw new Refused(`${line.address} does not know the password itself: it is not who it says.`);
}

function attributesOf(message: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(message.split(',').map((one) => [one[0], one.slice(2)]));
}
