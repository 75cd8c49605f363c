/**
 * A command of `kedge`, as data: what it is called, what may be said to it, and what it does. The
 * surprise: everything else is made of this one description: how a command line is read, its help,
 * the completion of shells and docs/cli.md.
 */
import type { Cluster } from './connection/cluster.ts';
import type { Output } from './output.ts';

/** What a shell can offer in place of a value. */
export type Completion = 'topic' | 'group' | 'profile' | 'file' | 'directory';

export interface Option<T = unknown> {
  /** One letter: `t` for `-t`. */
  readonly short?: string;
  /** What help calls its value: `host:port`. Left out: it has none, it is said or not said. */
  readonly value?: string;
  /** What it does, in a few words, beginning with a small letter. Help adds defaults and `env`. */
  readonly summary: string;
  /** The value when nothing is said, as it would be typed. */
  readonly default?: string;
  /** The environment variables that say it where the command line does not; the first counts. */
  readonly env?: string | readonly string[];
  /** The only values there are. */
  readonly choices?: readonly string[];
  /** It may be said more than once; its value is a list. */
  readonly multiple?: boolean;
  /** What its text means. Throws UsageError, without naming the option. */
  readonly parse?: (text: string) => T;
  readonly complete?: Completion;
}

/** By name: `'dry-run'` for `--dry-run`. */
export type Options = Readonly<Record<string, Option>>;

type Said<O extends Option> = O extends { value: string }
  ? O extends { parse: (text: string) => infer T }
    ? T
    : O extends { choices: readonly (infer C)[] }
      ? C
      : string
  : boolean;

/** What was said, by the option's name. */
export type Values<O extends Options> = {
  readonly [N in keyof O]: O[N] extends { multiple: true }
    ? readonly Said<O[N]>[]
    : O[N] extends { value: string; default?: undefined }
      ? Said<O[N]> | undefined
      : Said<O[N]>;
};

export interface Argument {
  readonly name: string;
  readonly summary: string;
  /** It may be left out. */
  readonly optional?: boolean;
  /** It takes all that follow; only the last one may. */
  readonly multiple?: boolean;
  /** The only values there are. */
  readonly choices?: readonly string[];
  readonly complete?: Completion;
}

export interface Example {
  /** As it is typed: `kedge topic list`. */
  readonly command: string;
  /** What it is good for. */
  readonly summary?: string;
}

/** One use of a command. */
export interface Invocation<O extends Options = Options> {
  /** The arguments, as many as the command asks for. */
  readonly args: readonly string[];
  readonly options: Values<O>;
  readonly output: Output;
  /** Standard input. */
  readonly input: NodeJS.ReadStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * The Kafka cluster that the command line, the environment or a profile names; it is closed when
   * the command ends. Only where `connects` is true.
   */
  connect(): Promise<Cluster>;
  /**
   * Aborted by Ctrl-C, from when it is first looked at; until then Ctrl-C ends the program at once.
   * A second Ctrl-C does in any case.
   */
  readonly signal: AbortSignal;
}

interface Described {
  readonly name: string;
  /** One line, beginning with a small letter, without a full stop. */
  readonly summary: string;
  /** What else there is to know; paragraphs are divided by an empty line. */
  readonly description?: string;
  readonly examples?: readonly Example[];
}

export interface Definition<O extends Options> extends Described {
  readonly arguments?: readonly Argument[];
  readonly options?: O;
  /** It talks to a cluster: it takes --bootstrap, --url and all that. */
  readonly connects?: boolean;
  /** It has no --json, since what it prints is not for programs, or is in any case. */
  readonly noJson?: boolean;
  /** Answers with the exit code where that is not 0. */
  run(invocation: Invocation<O>): Promise<number> | Promise<void>;
}

export interface Command extends Described {
  readonly arguments: readonly Argument[];
  readonly options: Options;
  readonly connects: boolean;
  readonly noJson: boolean;
  /** `list`, `create` …: a command either has these or runs. */
  readonly commands: readonly Command[];
  run(invocation: Invocation): Promise<number | undefined>;
}

/** What `kedge --help` knows of a command; the rest is loaded when it is asked for. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** A command that does something. */
export function command<const O extends Options>(definition: Definition<O>): Command {
  return {
    arguments: [],
    connects: false,
    noJson: false,
    commands: [],
    ...definition,
    options: definition.options ?? {},
    async run(invocation) {
      const code = await definition.run(invocation as Invocation<O>);
      return code ?? undefined;
    },
  };
}

export interface Group extends Described {
  readonly commands: readonly Command[];
}

/** A command that only has commands of its own: `kedge topic`. */
export function group(definition: Group): Command {
  return {
    ...definition,
    arguments: [],
    options: {},
    connects: false,
    noJson: true,
    run: () => Promise.reject(new Error(`kedge ${definition.name} does nothing by itself.`)),
  };
}
