/**
 * What frames with records look like, by the subprotocol the client chose. The surprise: a client
 * that names none gets Kedge's own, since many WebSocket clients have no way to name one.
 */
import type { DecodedRecord } from '../../../protocol/records/index.ts';
import {
  eventAt,
  eventFromJson,
  eventToJson,
  InvalidEvent,
  recordOf,
} from '../cloudevents/event.ts';
import { HttpError, invalid } from '../errors.ts';
import { recordFrom, recordText, type Showing } from '../live/shown.ts';
import type { RecordToProduce } from '../produce.ts';

export interface Wire {
  /** A record as JSON text. `redelivered`: how often it was delivered before; undefined: to say
   * that has no meaning here. */
  show(topic: string, partition: number, record: DecodedRecord, redelivered?: number): string;
  /** Throws HttpError. */
  read(json: unknown, now: number): RecordToProduce;
}

export const protocols = ['kafka.json.v1', 'cloudevents.json'] as const;
export type Protocol = (typeof protocols)[number];

/** The first that we know of what the client offers; undefined: it offers none. Throws 400. */
export function chooseProtocol(offered: string | undefined): Protocol | undefined {
  if (offered === undefined) return undefined;
  const names = offered.split(',').map((name) => name.trim());
  const chosen = names.find((name): name is Protocol => protocols.some((one) => one === name));
  if (chosen !== undefined) return chosen;
  throw new HttpError(400, 400, `Sec-WebSocket-Protocol may be ${protocols.join(' or ')}`);
}

export function wireOf(protocol: Protocol | undefined, showing: Showing): Wire {
  return protocol === 'cloudevents.json' ? cloudEvents : kafkaJson(showing);
}

function kafkaJson(showing: Showing): Wire {
  return {
    show(topic, partition, record, redelivered) {
      const text = recordText(topic, partition, record, showing);
      if (redelivered === undefined) return text;
      return `${text.slice(0, -1)},"redeliveryCount":${redelivered}}`;
    },
    read: (json, now) => recordFrom(json, showing, now),
  };
}

/** Events in JSON. Where they are in Kafka stands in extension attributes, for who has to ack. */
const cloudEvents: Wire = {
  show(topic, partition, record, redelivered) {
    const event = eventAt(topic, partition, record);
    const attributes = {
      ...event.attributes,
      kafkatopic: topic,
      kafkapartition: partition,
      kafkaoffset: String(record.offset),
      ...(redelivered !== undefined && { redeliverycount: redelivered }),
    };
    return eventToJson({ ...event, attributes });
  },
  read(json, now) {
    try {
      const { key, value, headers } = recordOf(eventFromJson(json), 'binary');
      return { key, value, headers: [...headers], partition: null, timestamp: now };
    } catch (error) {
      throw error instanceof InvalidEvent ? invalid(error.message) : error;
    }
  },
};
