/** What a client that reads may say: Pulsar's words, with Kafka's places. */
import { checkInteger, checkObject, checkString } from '../check.ts';
import { HttpError, httpErrorOf } from '../errors.ts';
import type { Frame, Line } from './line.ts';

export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export type ReaderCommand =
  | ({ readonly type: 'ack' | 'ackCumulative' | 'negativeAcknowledge' } & Place)
  | { readonly type: 'permit'; readonly permitMessages: number };

const one = (): boolean => true;

/** Reads frames until no more come, and says what is wrong with those that make no sense. */
export async function obey(
  line: Line,
  topics: readonly string[],
  carryOut: (command: ReaderCommand) => Promise<void> | void,
): Promise<void> {
  for (let frames = await line.take(one); frames; frames = await line.take(one)) {
    for (const frame of frames) {
      for (const item of itemsOf(frame)) {
        try {
          await carryOut(parseCommand(item, topics));
        } catch (error) {
          if (!line.isClosed) await line.complain(httpErrorOf(error));
        }
      }
    }
  }
}

function itemsOf({ json }: Frame): readonly unknown[] {
  return Array.isArray(json) ? json : [json];
}

/** A frame that names a place and no type is an ack. Where there is one topic it goes unsaid. */
function parseCommand(json: unknown, topics: readonly string[]): ReaderCommand {
  if (json === undefined) throw new HttpError(400, 400, 'The frame is not JSON.');
  const frame = checkObject(json, 'a frame');
  const type = frame.type ?? 'ack';
  if (type === 'permit') {
    return { type, permitMessages: checkInteger(frame.permitMessages, 'permitMessages', 1) };
  }
  if (type !== 'ack' && type !== 'ackCumulative' && type !== 'negativeAcknowledge') {
    const known = 'ack, ackCumulative, negativeAcknowledge, permit, ping or pong';
    throw new HttpError(400, 400, `type may be ${known}, not ${JSON.stringify(type)}`);
  }
  return {
    type,
    topic: topics.length === 1 ? topics[0] : checkString(frame.topic, 'topic'),
    partition: checkInteger(frame.partition, 'partition', 0),
    offset: checkInteger(frame.offset, 'offset', 0),
  };
}
