import { describe, expect, it } from 'vitest';
import { accessFrom, admits } from '../../src/broker/access.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('who may come in', () => {
  it('is nobody unless the owner says so', () => {
    for (const variables of [{}, { KEDGE_OPEN: 'false' }, { KEDGE_TOKEN: '' }]) {
      const access = accessFrom(variables);
      for (const header of [null, '', 'Bearer', 'Bearer ', 'Bearer undefined', basic(':')]) {
        expect(admits(access, header)).toBe(false);
      }
    }
  });

  it('is everybody when the owner opens the doors', () => {
    expect(admits(accessFrom({ KEDGE_OPEN: 'true' }), null)).toBe(true);
    expect(admits(accessFrom({ KEDGE_OPEN: 'TRUE', KEDGE_TOKEN: 'secret' }), null)).toBe(true);
  });

  it('is whoever brings the token, as a bearer or as a password', () => {
    const access = accessFrom({ KEDGE_TOKEN: 'sésame' });
    for (const good of ['Bearer sésame', 'bearer  sésame', basic('anyone:sésame')]) {
      expect(admits(access, good)).toBe(true);
    }
    for (const bad of [
      null,
      'Bearer sésam',
      'Bearer sésamee',
      'sésame',
      basic('sésame:x'),
      'Basic %',
    ]) {
      expect(admits(access, bad)).toBe(false);
    }
  });

  it('refuses a KEDGE_OPEN that is neither true nor false, and does not repeat it', () => {
    expect(() => accessFrom({ KEDGE_OPEN: 'yes' })).toThrow(/^KEDGE_OPEN must be true or false$/);
  });
});
