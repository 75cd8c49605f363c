/**
 * Every API in every version, in both directions, under random values and damaged bytes. Whatever
 * comes in, reading ends in a value or in a DecodeError, quickly and within the bytes.
 */
import { describe, expect, it } from 'vitest';
import { DecodeError, Reader } from '../../src/bytes/reader.ts';
import { Writer } from '../../src/bytes/writer.ts';
import { apis } from '../../src/protocol/apis/index.ts';
import { consumerProtocol } from '../../src/protocol/embedded/consumer-protocol.ts';
import type { Fields, Infer, Message } from '../../src/protocol/schema.ts';
import { type Random, randomFrom, randomMessage } from './random.ts';

const messages: readonly Message[] = [
  ...apis.flatMap((api) => [api.request, api.response]),
  consumerProtocol.subscription,
  consumerProtocol.assignment,
];

function forEachVersion(visit: (message: Message, version: number, random: Random) => void): void {
  for (const [index, message] of messages.entries()) {
    for (let version = message.versions[0]; version <= message.versions[1]; version++) {
      visit(message, version, randomFrom(1000 * index + version));
    }
  }
}

function encoded(message: Message, version: number, value: Infer<Fields>): Uint8Array {
  const writer = new Writer(16);
  message.encode(version, value, writer);
  return writer.joined();
}

/** Reads and says how it went. Anything but a DecodeError passes through and fails the test. */
function tryDecode(message: Message, version: number, bytes: Uint8Array): 'read' | 'refused' {
  const reader = new Reader(bytes);
  reader.elementsLeft = 100_000;
  try {
    message.decode(version, reader);
    expect(reader.offset).toBeLessThanOrEqual(bytes.length);
    return 'read';
  } catch (error) {
    if (error instanceof DecodeError) return 'refused';
    throw error;
  }
}

describe('every message in every version', () => {
  it('comes back as it was written, and is written the same way again', () => {
    forEachVersion((message, version, random) => {
      for (let i = 0; i < 30; i++) {
        const value = randomMessage(message, version, random);
        const bytes = encoded(message, version, value);
        const reader = new Reader(bytes);
        const back = message.decode(version, reader);
        expect(back).toEqual(value);
        expect(reader.remaining).toBe(0);
        expect(encoded(message, version, back)).toEqual(bytes);
      }
    });
  });

  it('is refused when cut anywhere', () => {
    forEachVersion((message, version, random) => {
      for (let i = 0; i < 2; i++) {
        const bytes = encoded(message, version, randomMessage(message, version, random));
        const step = Math.max(1, Math.floor(bytes.length / 400));
        for (let length = 0; length < bytes.length; length += step) {
          // A copy, so that a read past the cut could not find the rest.
          const cut = bytes.slice(0, length);
          expect(tryDecode(message, version, cut), `${message.name} v${version}`).toBe('refused');
        }
      }
    });
  });

  it('ignores what follows it', () => {
    forEachVersion((message, version, random) => {
      const value = randomMessage(message, version, random);
      const bytes = encoded(message, version, value);
      const longer = new Uint8Array(bytes.length + 5).fill(255);
      longer.set(bytes);
      expect(message.decode(version, new Reader(longer))).toEqual(value);
    });
  });
});

/** What a length can be overwritten with: -1, 0, the largest, overlong and endless varints. */
const damages = [
  [0xff, 0xff, 0xff, 0xff],
  [0, 0, 0, 0],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0, 0, 0],
  [0xff, 0xff],
  [0x7f, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0x80, 0x80, 0x80, 0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff],
];

describe('damaged bytes', () => {
  it('with an absurd length at any place end in a value or a refusal', () => {
    let read = 0;
    let refused = 0;
    forEachVersion((message, version, random) => {
      const bytes = encoded(message, version, randomMessage(message, version, random));
      const step = Math.max(1, Math.floor(bytes.length / 120));
      for (let at = 0; at < bytes.length; at += step) {
        for (const damage of damages) {
          const damaged = bytes.slice();
          damaged.set(damage.slice(0, bytes.length - at), at);
          if (tryDecode(message, version, damaged) === 'read') read++;
          else refused++;
        }
      }
    });
    expect(read).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(1000);
  });

  it('that are random end in a value or a refusal', () => {
    let refused = 0;
    forEachVersion((message, version, random) => {
      for (let i = 0; i < 50; i++) {
        const bytes = random.bytes(random.below(120));
        if (tryDecode(message, version, bytes) === 'refused') refused++;
      }
    });
    expect(refused).toBeGreaterThan(1000);
  });
});
