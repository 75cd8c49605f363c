/**
 * A share group: its members take records and accept them, or give them back. A member
 * (ShareMember.java, share_churn.py) prints, each with the microseconds of the clock,
 *
 *     <time> acquired <partition>:<offset>:<delivery count> …
 *     <time> accepting <number> <partition>:<offset>:<delivery count> …
 *     <time> accepted <number> <partition> …        those of these partitions are
 *     <time> refused <number> <why>
 *
 * The Java one, told `configs` besides, does nothing but set those of the group.
 */
import { runToEnd } from '../processes.ts';
import { programs } from './clients.ts';
import { Group } from './group.ts';
import { shareAnomaliesIn, stillOpen } from './share-audit.ts';

export class ShareGroup extends Group {
  /** kafkajs cannot set the configs of a group. */
  protected override async prepare(): Promise<void> {
    const { command, args } = programs.javaShare;
    await runToEnd(command, [...args, this.bootstrap, this.topic, this.id, 'configs']);
  }

  protected settled(): boolean {
    return this.members.every((one) => one.steady);
  }

  protected async look(): Promise<void> {
    // A share group has nothing that only grows and that this client could ask for.
  }

  protected caughtUp(): boolean {
    return this.#open.every((one) => one.length === 0);
  }

  protected get behind(): string {
    const told = this.#open.map((one, partition) => `${partition}: ${one.slice(0, 10)}`);
    return `not accepted yet\n${told.join('\n')}`;
  }

  protected anomalies(): string[] {
    return shareAnomaliesIn(this.#lives);
  }

  get #lives() {
    return this.members.flatMap((one) => one.lives);
  }

  get #open(): number[][] {
    return stillOpen(this.sent, this.#lives);
  }
}
