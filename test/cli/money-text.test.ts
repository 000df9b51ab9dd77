import { expect } from 'chai';
import { amountText, moneyRangeText } from '../../src/cli/money-text.ts';

describe('cli/money-text', () => {
  it('shows cents, and of less than one two digits that count', () => {
    const shown = [0, 1234.567, 1, 0.996, 0.99, 0.5, 0.0999, 0.00123, 0.000_999, 0.000_001].map(amountText);

    expect(shown).to.deep.equal([
      '0.00',
      '1234.57',
      '1.00',
      '1.00',
      '0.99',
      '0.50',
      '0.10',
      '0.0012',
      '0.0010',
      '< 0.00001',
    ]);
  });

  it('shows a range that begins at nothing by its end, and one whose ends look alike once', () => {
    const range = (low: number, high: number): string => moneyRangeText({ low, high, currency: 'USD' });

    expect([range(0, 1.2), range(0.8, 1.2), range(1.201, 1.202)]).to.deep.equal([
      'up to 1.20 USD',
      '0.80 – 1.20 USD',
      '1.20 USD',
    ]);
  });
});
