/**
 * What the controls of a test change about a Kedge that is no record and no group, and that a crash
 * must not undo: how often it was emptied, and how far its clock was moved.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DirectoryUnavailable } from './data-directory.ts';
import type { LocalOptions } from './local-options.ts';

export interface TestState {
  /** The objects of earlier generations are forgotten. */
  readonly generation: number;
  readonly clockOffsetMs: number;
}

const untouched: TestState = { generation: 0, clockOffsetMs: 0 };

const fileIn = (directory: string): string => join(directory, 'test-state.json');

/** What was kept last in a data directory. */
export function readTestState(directory: string): TestState {
  try {
    return testStateOf(JSON.parse(readFileSync(fileIn(directory), 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return untouched;
    throw error;
  }
}

/** Keeps it; a crash in between leaves what was kept before. */
export function writeTestState(directory: string, state: TestState): void {
  const file = fileIn(directory);
  writeFileSync(`${file}.new`, JSON.stringify(testStateOf(state)));
  renameSync(`${file}.new`, file);
}

/** What the Worker of a test is told of it, and of who may use its controls. */
export function testVariables(
  { testControls }: LocalOptions,
  { generation, clockOffsetMs }: TestState,
  starts: number,
): Record<string, string> {
  if (testControls === undefined) return {};
  return {
    KEDGE_TEST_SECRET: testControls,
    KEDGE_TEST_GENERATION: String(generation),
    KEDGE_TEST_CLOCK_OFFSET_MS: String(clockOffsetMs),
    KEDGE_TEST_STARTS: String(starts),
  };
}

/**
 * Throws where the objects of generation 0, which the Worker without controls looks for, are not
 * those that were written last.
 */
export function assertUsable(
  path: string,
  { generation }: TestState,
  { testControls }: LocalOptions,
): void {
  if (generation === 0 || testControls !== undefined) return;
  throw new DirectoryUnavailable(
    `${path} was emptied between tests; only a Kedge that tests may control can read it.`,
  );
}

/** The same, if it is one; throws otherwise. */
function testStateOf(value: Partial<TestState> | null): TestState {
  const { generation, clockOffsetMs } = value ?? {};
  if (!Number.isSafeInteger(generation) || !Number.isSafeInteger(clockOffsetMs)) {
    throw new Error(`no state of a test: ${JSON.stringify(value)}`);
  }
  return { generation: generation!, clockOffsetMs: clockOffsetMs! };
}
