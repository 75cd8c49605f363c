/** The clients whose members churn: those of the neighbouring suites, installed as they are. */

import { suite as oldPython } from '../confluent-kafka/suite.ts';
import { suite as newPython } from '../confluent-kafka-2/suite.ts';
import { pathOf } from '../install.ts';
import { suite as java } from '../java/suite.ts';
import { javaProgram } from '../java.ts';
import { DEBIAN_PYTHON, pythonOf } from '../python.ts';
import type { Suite } from '../suite.ts';
import type { Program } from './slot.ts';

const suites: readonly Suite[] = [java, oldPython, newPython];
const python = { args: [pathOf('python/confluent_churn.py')] };

/** How a member of each is started. */
export const programs = {
  java: { client: 'Java', command: 'java', args: [...javaProgram('java'), 'ChurnMember'] },
  librdkafka: { client: 'librdkafka', command: pythonOf('confluent-kafka-2'), ...python },
  debian: { client: "Debian's librdkafka", command: DEBIAN_PYTHON, ...python },
  kafkajs: { client: 'kafkajs', command: process.execPath, args: [pathOf('churn/member.ts')] },
  javaShare: {
    client: 'Java',
    command: 'java',
    args: [...javaProgram('java'), 'ShareMember'],
  },
  librdkafkaShare: {
    client: 'librdkafka',
    command: pythonOf('confluent-kafka-2'),
    args: [pathOf('python/share_churn.py')],
  },
} satisfies Record<string, Omit<Program, 'protocol'>>;

export type Client = keyof typeof programs;

export const debianPackages = suites.flatMap((one) => one.debianPackages);

export async function install(): Promise<void> {
  for (const one of suites) await one.install();
}

export async function version(): Promise<string> {
  const all = await Promise.all(suites.map((one) => one.version()));
  return all.map((one) => one.trim()).join(', ');
}
