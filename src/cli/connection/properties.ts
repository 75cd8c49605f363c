/** Kafka's own client properties, as its tools take them with `--command-config`. */
import { readFile } from 'node:fs/promises';
import { Refused } from '../usage.ts';
import type { Spoken } from './settings.ts';

export async function readProperties(file: string): Promise<Spoken> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Refused(`${file} cannot be read: ${error.message}.`);
  });
  return spokenIn(parseProperties(text), file);
}

/**
 * Java's format: `name=value`, `name: value`, `\` at the end of a line goes on with the next, but
 * not in a comment.
 */
export function parseProperties(text: string): Record<string, string> {
  const properties: Record<string, string> = {};
  const logical = /^[ \t\f]*(?:[#!].*|(?:\\(?:\r\n|[\s\S])|[^\\\r\n])*)/gm;
  for (const [whole] of text.matchAll(logical)) {
    const line = whole.trimStart().replace(/\\(?:\r?\n|\r)[ \t\f]*|(\\[\s\S])/g, '$1');
    if (/^[#!]/.test(line)) continue;
    const pair = /^((?:\\.|[^\s=:\\])+)[ \t\f]*[=: \t\f]?[ \t\f]*(.*)$/.exec(line);
    if (pair !== null) properties[unescaped(pair[1])] = unescaped(pair[2]);
  }
  return properties;
}

function unescaped(text: string): string {
  const meanings: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' };
  return text
    .trimEnd()
    .replace(/\\u([\da-f]{4})|\\(.)/gi, (_, code: string | undefined, letter: string) =>
      code ? String.fromCharCode(Number.parseInt(code, 16)) : (meanings[letter] ?? letter),
    );
}

/** PEM whose lines a properties file has joined. */
function pemOf(text: string): string {
  return text.replace(
    /(-----BEGIN [A-Z ]+-----)([^-]*)(-----END [A-Z ]+-----)\s*/g,
    (_, begin, body: string, end) => `${begin}\n${body.trim().split(/\s+/).join('\n')}\n${end}\n`,
  );
}

function spokenIn(properties: Record<string, string>, file: string): Spoken {
  const protocol = properties['security.protocol'] ?? 'PLAINTEXT';
  const [, sasl, tls] = /^(SASL_)?(?:(SSL)|PLAINTEXT)$/.exec(protocol) ?? [];
  if (!/^(SASL_)?(SSL|PLAINTEXT)$/.test(protocol)) {
    throw new Refused(`${file}: security.protocol is '${protocol}'.`);
  }
  return {
    bootstrap: properties['bootstrap.servers'],
    ...(tls && tlsIn(properties, file)),
    ...(sasl && saslIn(properties, file)),
  };
}

function tlsIn(properties: Record<string, string>, file: string): Partial<Spoken> {
  const pem = (kind: 'truststore' | 'keystore', inline: string) => {
    const text = properties[inline];
    const location = properties[`ssl.${kind}.location`];
    const type = properties[`ssl.${kind}.type`] ?? 'JKS';
    if (text !== undefined) return pemOf(text);
    if (location === undefined) return undefined;
    if (type === 'PEM') return location;
    throw new Refused(
      `${file}: ssl.${kind}.location is a ${type} file; make a PEM file of it and say ` +
        `ssl.${kind}.type=PEM.`,
    );
  };
  const ca = pem('truststore', 'ssl.truststore.certificates');
  const cert = pem('keystore', 'ssl.keystore.certificate.chain');
  const inlineKey = properties['ssl.keystore.key'];
  return {
    tls: true,
    ca,
    cert,
    // A keystore of one file holds both.
    key: inlineKey === undefined ? cert : pemOf(inlineKey),
    keyPassword: properties['ssl.key.password'],
    checkHost: properties['ssl.endpoint.identification.algorithm'] !== '',
  };
}

function saslIn(properties: Record<string, string>, file: string): Partial<Spoken> {
  const mechanism = properties['sasl.mechanism'] ?? 'GSSAPI';
  const known = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'];
  if (!known.includes(mechanism)) {
    throw new Refused(`${file}: sasl.mechanism is ${mechanism}; known are ${known.join(', ')}.`);
  }
  const jaas = properties['sasl.jaas.config'] ?? '';
  const text = String.raw`"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|([^\s;]+)`;
  const field = (name: string) =>
    new RegExp(String.raw`(?<!\S)${name}\s*=\s*(?:${text})`).exec(jaas)?.slice(1);
  const attribute = (name: string) =>
    field(name)
      ?.find((one) => one !== undefined)
      ?.replace(/\\(.)/g, '$1');
  const [username, password] = [attribute('username'), attribute('password')];
  if (mechanism === 'OAUTHBEARER') {
    const token = attribute('unsecuredLoginToken') ?? attribute('token');
    return { 'sasl-mechanism': mechanism, token };
  }
  if (username === undefined) {
    throw new Refused(`${file}: sasl.jaas.config names no username.`);
  }
  return { 'sasl-mechanism': mechanism, username, password };
}
