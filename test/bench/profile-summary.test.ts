import { describe, expect, it } from 'vitest';
import type { CpuProfile } from '../../bench/profile/inspector.ts';
import { originIn, summaryOfAllocation, summaryOfCpu, top } from '../../bench/profile/summary.ts';

const frame = (functionName: string, lineNumber = -1, url = '') => ({
  functionName,
  scriptId: '7',
  url,
  lineNumber,
  columnNumber: 0,
});

const bundle = `// src/bytes/crc32c.ts
function crc32c() {
}

// src/core/log/validate.ts
function validate() {
}
`;

describe('where a line of a bundle comes from', () => {
  it('is the file named before it', () => {
    const origin = originIn(bundle);
    expect(origin(1)).toBe('src/bytes/crc32c.ts');
    expect(origin(5)).toBe('src/core/log/validate.ts');
    expect(originIn('')(3)).toBe('');
  });
});

describe('the summary of a profile', () => {
  const ours = 'file:///worker.js';
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 5] },
      { id: 2, callFrame: frame('validate', 5, ours), children: [3, 4] },
      { id: 3, callFrame: frame('crc32c', 1, ours) },
      { id: 4, callFrame: frame('validate', 5, ours), children: [6] },
      { id: 5, callFrame: frame('(idle)') },
      { id: 6, callFrame: frame('crc32c', 1, ours) },
    ],
    startTime: 0,
    endTime: 12_000,
    samples: [2, 3, 3, 4, 5, 6],
    timeDeltas: [1000, 2000, 1000, 1000, 5000, 2000],
  };
  const summary = summaryOfCpu(profile, originIn(bundle));
  const named = (name: string) => summary.lines.find((line) => line.name.startsWith(name));

  it('adds up what a function took itself, wherever it was called from', () => {
    expect(named('crc32c')).toEqual({
      name: 'crc32c src/bytes/crc32c.ts',
      isOurs: true,
      self: 5,
      total: 5,
    });
    expect(named('(idle)')).toEqual({ name: '(idle)', isOurs: false, self: 5, total: 5 });
    expect(summary.total).toBe(12);
  });

  it('counts a function that calls itself once', () => {
    expect(named('validate')).toMatchObject({ self: 2, total: 7 });
  });

  it('names the busiest first', () => {
    expect(top(summary, 'total', 2).map(({ total }) => total)).toEqual([12, 7]);
    expect(top(summary, 'self', 1)[0].self).toBe(5);
  });
});

describe('the summary of what was allocated', () => {
  it('adds up bytes', () => {
    const leaf = { callFrame: frame('make', 1, 'worker.js'), selfSize: 30, children: [] };
    const head = { callFrame: frame('(root)'), selfSize: 2, children: [leaf, leaf] };
    const { lines, total } = summaryOfAllocation(head, originIn(bundle));
    expect(total).toBe(62);
    expect(lines.find(({ name }) => name.startsWith('make'))).toMatchObject({ self: 60 });
  });
});
