import { describe, expect, it } from 'vitest';
import { anonymous } from '../../src/broker/authorizer.ts';
import { principalOfBinding } from '../../src/broker/binding-principal.ts';

const trusting = { open: false, trustsBindings: true };

describe('a Worker that is bound to this one', () => {
  it('is who its props say, where the owner believes them', () => {
    const orders = { type: 'User', name: 'orders' };
    expect(principalOfBinding({ principal: 'User:orders' }, trusting)).toEqual(orders);
    expect(principalOfBinding({ principal: 'orders' }, trusting)).toEqual(orders);
  });

  it.each([undefined, null, 'User:orders', {}, { principal: '' }, { principal: 7 }])(
    'is nobody with %j',
    (props) => {
      expect(principalOfBinding(props, trusting)).toBeUndefined();
      expect(principalOfBinding(props, { ...trusting, open: true })).toBe(anonymous);
    },
  );

  it('is nobody where the owner does not believe it', () => {
    const props = { principal: 'User:admin' };
    expect(principalOfBinding(props, { open: false, trustsBindings: false })).toBeUndefined();
    expect(principalOfBinding(props, { open: true, trustsBindings: false })).toBe(anonymous);
  });
});
