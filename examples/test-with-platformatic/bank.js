/** A bank: tellers that write transfers into the books, and auditors that read them. */
import { Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';

const patience = { retries: 50, retryDelay: 50 };

/** Writes transfers: what is taken from one account and given to another, both or neither. */
export class Teller {
  #producer;

  /** `name`: no two may work under one name; the later sends the earlier home. */
  constructor(bootstrapBrokers, name) {
    this.#producer = new Producer({
      ...{ ...patience, bootstrapBrokers, clientId: name },
      ...{ serializers: stringSerializers, idempotent: true, transactionalId: name },
    });
  }

  async transfer(from, to, amount) {
    const transaction = await this.begin(from, to, amount);
    try {
      await transaction.commit();
    } catch (error) {
      await transaction.abort();
      throw error;
    }
  }

  /** What is not committed within a minute never was. */
  async begin(from, to, amount) {
    const transaction = await this.#producer.beginTransaction();
    const entries = [
      { topic: 'entries', key: from, value: `${-amount}` },
      { topic: 'entries', key: to, value: `${amount}` },
    ];
    await transaction.send({ messages: entries });
    return transaction;
  }

  close() {
    return this.#producer.close();
  }
}

/** Reads the books from the first page, and knows what each account has. */
export class Auditor {
  #consumer;
  balances = {};

  constructor(bootstrapBrokers, name) {
    this.#consumer = new Consumer({
      ...{ ...patience, bootstrapBrokers, clientId: name, groupId: name, maxWaitTime: 100 },
      ...{ deserializers: stringDeserializers, isolationLevel: 1 },
    });
  }

  async open() {
    const entries = await this.#consumer.consume({ topics: ['entries'], mode: 'earliest' });
    entries.on('data', ({ key, value }) => {
      this.balances[key] = (this.balances[key] ?? 0) + Number(value);
    });
  }

  close() {
    return this.#consumer.close(true);
  }
}
