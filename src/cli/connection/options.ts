/**
 * How a command is told which cluster to talk to, and who asks. The surprise: there is no option
 * for a password. What stands on a command line every other program of the machine can read.
 */
import type { Options } from '../command.ts';
import { nonEmpty, patience } from '../values.ts';

export const connectionOptions = {
  bootstrap: {
    value: 'host:port,…',
    short: 'b',
    summary: "Kafka's port of a cluster, Kedge or other",
    env: ['KEDGE_BOOTSTRAP', 'KAFKA_BOOTSTRAP_SERVERS'],
    parse: nonEmpty,
  },
  url: {
    value: 'url',
    summary: 'a Kedge, by HTTP (https:) or WebSocket (wss:)',
    env: 'KEDGE_URL',
    parse: nonEmpty,
  },
  profile: {
    value: 'name',
    summary: 'what kedge profile add has kept under this name',
    env: 'KEDGE_PROFILE',
    complete: 'profile',
  },
  'command-config': {
    value: 'file',
    summary: "a properties file of Kafka's own tools",
    complete: 'file',
  },
  token: {
    value: 'token',
    summary: 'a token of a Kedge; - reads it from standard input',
    env: 'KEDGE_TOKEN',
  },
  username: { value: 'name', summary: 'who you are', env: 'KEDGE_USERNAME' },
  'password-stdin': {
    summary: 'read the password from standard input; else KEDGE_PASSWORD, or it is asked for',
  },
  'sasl-mechanism': {
    value: 'name',
    summary: 'how the password is shown (default SCRAM-SHA-256; a token: PLAIN)',
    choices: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'],
  },
  tls: { summary: "encrypt the connection to Kafka's port" },
  ca: { value: 'file', summary: 'trust the certificates in this PEM file', complete: 'file' },
  cert: { value: 'file', summary: 'show this certificate (PEM)', complete: 'file' },
  key: { value: 'file', summary: 'the private key of --cert (PEM)', complete: 'file' },
  timeout: {
    value: 'duration',
    summary: 'how long an answer may take',
    default: '30s',
    parse: patience,
  },
} as const satisfies Options;
