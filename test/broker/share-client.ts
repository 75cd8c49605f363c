/** A member of a share group: its requests through the bytes of their version, epochs counted. */
import type { RequestContext } from '../../src/broker/context.ts';
import type { AcknowledgementBatch } from '../../src/core/group/share-partition/calls.ts';
import { shareAcknowledge } from '../../src/protocol/apis/share-acknowledge.ts';
import { type ShareFetchRequest, shareFetch } from '../../src/protocol/apis/share-fetch.ts';
import { throughBytes } from './through-bytes.ts';

export interface Place {
  readonly topicId: string;
  readonly partition: number;
  readonly acknowledge?: readonly AcknowledgementBatch[];
}

export type Room = Partial<
  Pick<
    ShareFetchRequest,
    | 'maxWaitMs'
    | 'minBytes'
    | 'maxBytes'
    | 'maxRecords'
    | 'batchSize'
    | 'shareAcquireMode'
    | 'isRenewAck'
  >
>;

export function ack(first: number, last: number, ...types: number[]): AcknowledgementBatch {
  return { firstOffset: first, lastOffset: last, acknowledgeTypes: types };
}

export class ShareClient {
  readonly memberId: string;
  readonly #context: RequestContext;
  epoch = 0;

  constructor(context: RequestContext, memberId = 'member') {
    this.#context = context;
    this.memberId = memberId;
  }

  async fetch(places: readonly Place[], room: Room = {}, forget: readonly Place[] = []) {
    const request: ShareFetchRequest = {
      groupId: 'workers',
      memberId: this.memberId,
      shareSessionEpoch: this.epoch,
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1_000_000,
      maxRecords: 500,
      batchSize: 500,
      shareAcquireMode: 0,
      isRenewAck: false,
      topics: topicsOf(places),
      forgottenTopicsData: forget.map(({ topicId, partition }) => ({
        topicId,
        partitions: [partition],
      })),
      ...room,
    };
    const response = await throughBytes(shareFetch, request, this.#context);
    if (response.errorCode === 0) this.epoch++;
    return response;
  }

  /** What a fetch gave, as `partition: first-last*deliveries`, and codes. */
  async acquire(places: readonly Place[], room: Room = {}): Promise<string[]> {
    const { errorCode, responses } = await this.fetch(places, room);
    if (errorCode !== 0) return [`error ${errorCode}`];
    return responses.flatMap(({ partitions }) =>
      partitions.map((one) => {
        const said = one.acquiredRecords.map(
          ({ firstOffset, lastOffset, deliveryCount }) =>
            `${firstOffset}-${lastOffset}*${deliveryCount}`,
        );
        if (one.errorCode !== 0) said.push(`error ${one.errorCode}`);
        if (one.acknowledgeErrorCode !== 0) said.push(`refused ${one.acknowledgeErrorCode}`);
        return `${one.partitionIndex}: ${said.join(' ')}`;
      }),
    );
  }

  /** The codes of the partitions, or of the whole request. */
  async acknowledge(places: readonly Place[], isRenewAck = false): Promise<number[]> {
    const request = {
      groupId: 'workers',
      memberId: this.memberId,
      shareSessionEpoch: this.epoch,
      isRenewAck,
      topics: topicsOf(places),
    };
    const response = await throughBytes(shareAcknowledge, request, this.#context);
    if (response.errorCode !== 0) return [response.errorCode];
    this.epoch++;
    return response.responses.flatMap(({ partitions }) =>
      partitions.map(({ errorCode }) => errorCode),
    );
  }
}

function topicsOf(places: readonly Place[]) {
  return places.map(({ topicId, partition, acknowledge = [] }) => ({
    topicId,
    partitions: [{ partitionIndex: partition, acknowledgementBatches: acknowledge }],
  }));
}
