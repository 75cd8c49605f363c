/**
 * A stream's name is any path, a topic's name is not: the mapping between them. The surprise: most
 * names stay as they are, and a topic that Kafka's clients made is a stream under its own name; a
 * slash becomes two dots, and what no topic may have its bytes in hexadecimal.
 */

/** Kafka's limit for the name of a topic. */
const maxTopicLength = 249;
const mayStay = /[A-Za-z0-9_-]/;
const escaped = /^--([0-9A-F]{2})/;

/** The topic of the stream of this name; undefined: the name is empty or too long for a topic. */
export function topicOf(name: string): string | undefined {
  let topic = '';
  const characters = [...name];
  for (const [i, character] of characters.entries()) {
    topic += encoded(character, characters[i - 1], characters.slice(i, i + 4).join(''));
  }
  // No topic may be called that.
  if (topic === '.' || topic === '..') topic = hexOf(name);
  return topic === '' || topic.length > maxTopicLength ? undefined : topic;
}

/** The name of the stream that a topic is; undefined: it has none. */
export function nameOf(topic: string): string | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < topic.length; ) {
    const hex = escaped.exec(topic.slice(at, at + 4))?.[1];
    const isSlash = topic.startsWith('..', at);
    bytes.push(hex ? Number.parseInt(hex, 16) : isSlash ? 0x2f : topic.charCodeAt(at));
    at += hex ? 4 : isSlash ? 2 : 1;
  }
  const name = new TextDecoder().decode(Uint8Array.from(bytes));
  return topicOf(name) === topic ? name : undefined;
}

function encoded(character: string, before: string | undefined, ahead: string): string {
  if (character === '/') return '..';
  // Where it could be taken for a part of two dots.
  const isAlone = !isDotted(before) && !isDotted(ahead[1]);
  if (character === '.') return isAlone ? '.' : hexOf('.');
  if (escaped.test(ahead)) return hexOf('-');
  return mayStay.test(character) ? character : hexOf(character);
}

function isDotted(character: string | undefined): boolean {
  return character === '.' || character === '/';
}

function hexOf(character: string): string {
  const bytes = [...new TextEncoder().encode(character)];
  return bytes.map((byte) => `--${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
