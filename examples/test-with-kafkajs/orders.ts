/** A shop: a counter that takes orders, and kitchens that cook each of them. */
import { type Consumer, type Kafka, Partitioners, type Producer } from 'kafkajs';

export interface Order {
  readonly customer: string;
  readonly item: string;
}

export class Counter {
  readonly #producer: Producer;

  private constructor(producer: Producer) {
    this.#producer = producer;
  }

  static async open(kafka: Kafka): Promise<Counter> {
    const producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      // A retry stores an order once.
      idempotent: true,
    });
    await producer.connect();
    return new Counter(producer);
  }

  /** Settles when the order is on disk. The orders of a customer keep their order. */
  async take({ customer, item }: Order): Promise<void> {
    const message = { key: customer, value: JSON.stringify({ customer, item }) };
    await this.#producer.send({ topic: 'orders', messages: [message] });
  }

  close(): Promise<void> {
    return this.#producer.disconnect();
  }
}

export class Kitchen {
  readonly #consumer: Consumer;

  private constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  /** Cooks what has been ordered and not cooked yet, and then what comes. */
  static async open(kafka: Kafka, cook: (order: Order) => void): Promise<Kitchen> {
    const consumer = kafka.consumer({ groupId: 'kitchen', maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic: 'orders', fromBeginning: true });
    await consumer.run({
      autoCommitThreshold: 1,
      eachMessage: async ({ message }) => cook(JSON.parse(`${message.value}`)),
    });
    return new Kitchen(consumer);
  }

  close(): Promise<void> {
    return this.#consumer.disconnect();
  }
}
