import { expect } from 'chai';
import { castProperty, documentNameOf } from '../../src/spark/property-casts.ts';
import { sparkPropertiesOf } from '../../src/spark/property-text.ts';

describe('spark/property-text', () => {
  it('gives properties back under their own names, with a unit that Spark reads as the same', () => {
    const given = {
      'spark.executor.memory': '4g',
      'spark.dynamicAllocation.executorIdleTimeout': '60',
      'spark.dynamicAllocation.enabled': 'true',
      'spark.executor.cores': '4',
      'spark.memory.fraction': '0.6',
      'spark.scheduler.mode': 'FAIR',
    };
    const document = Object.fromEntries(
      Object.entries(given).map(([name, text]) => [documentNameOf(name), castProperty(documentNameOf(name), text)]),
    );

    expect(sparkPropertiesOf(document)).to.deep.equal({
      'spark.executor.memory': '4294967296b',
      'spark.dynamicAllocation.executorIdleTimeout': '60000ms',
      'spark.dynamicAllocation.enabled': 'true',
      'spark.executor.cores': '4',
      'spark.memory.fraction': '0.6',
      'spark.scheduler.mode': 'FAIR',
    });
  });
});
