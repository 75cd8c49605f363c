import { describe, expect, it } from 'vitest';
import { noOrigins, originRulesFrom } from '../../src/runtime/origin-rules.ts';

describe('what the variables say of origins', () => {
  it('is nothing, unless somebody has set them', () => {
    expect(originRulesFrom({})).toEqual(noOrigins);
    expect(originRulesFrom({ KEDGE_CORS_ORIGINS: '', KEDGE_HOSTS: ' , ' })).toEqual(noOrigins);
  });

  it('is a list of origins, as browsers write them', () => {
    const KEDGE_CORS_ORIGINS = 'https://Example.com, http://localhost:5173,https://a.b:443';
    const { origins } = originRulesFrom({ KEDGE_CORS_ORIGINS });
    const listed = ['https://example.com', 'http://localhost:5173', 'https://a.b'];
    expect(origins).toEqual(new Set(listed));
    expect(originRulesFrom({ KEDGE_CORS_ORIGINS: '*' }).origins).toBe('*');
  });

  it.each(['example.com', 'null', 'https://example.com/app', 'ftp://a.b', '*,https://a.b'])(
    'refuses %s for an origin',
    (KEDGE_CORS_ORIGINS) => {
      expect(() => originRulesFrom({ KEDGE_CORS_ORIGINS })).toThrow(/KEDGE_CORS_ORIGINS must be/);
    },
  );

  it('believes no passwords of pages that it does not know by name', () => {
    const named = { KEDGE_CORS_ORIGINS: 'https://a.b', KEDGE_CORS_CREDENTIALS: 'true' };
    expect(originRulesFrom(named).credentials).toBe(true);
    const any = { ...named, KEDGE_CORS_ORIGINS: '*' };
    expect(() => originRulesFrom(any)).toThrow(/KEDGE_CORS_CREDENTIALS may be true only/);
    expect(() => originRulesFrom({ KEDGE_CORS_CREDENTIALS: 'yes' })).toThrow(/true or false/);
  });

  it('is a list of names of this Kedge', () => {
    const { hosts } = originRulesFrom({ KEDGE_HOSTS: 'Kedge.example, broker' });
    expect(hosts).toEqual(new Set(['kedge.example', 'broker']));
    expect(originRulesFrom({ KEDGE_HOSTS: '*' }).hosts).toBeUndefined();
  });
});
