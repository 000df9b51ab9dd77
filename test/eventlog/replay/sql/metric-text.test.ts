import { expect } from 'chai';
import { Column } from '../../../../src/eventlog/replay/column.ts';
import { javaFixed, metricNumber, metricText } from '../../../../src/eventlog/replay/sql/metric-text.ts';
import { MetricValues } from '../../../../src/eventlog/replay/sql/metric-values.ts';

function reported(...values: readonly number[]): MetricValues {
  const column = new Column();
  values.forEach((value, index) => {
    column.set(index, value);
  });
  const metric = new MetricValues();
  metric.addStage(column, values.length);
  metric.largest = { value: Math.max(...values), stageId: 3, attemptId: 1, taskId: 77 };
  return metric;
}

// Expected values: printed by Java 17, String.format and NumberFormat in Locale.US, with Spark's formulas.
describe('eventlog/replay/sql/metric-text', () => {
  it('rounds half up on the decimal digits, as Java formats', () => {
    const java: readonly (readonly [number, string, string])[] = [
      [0.15, '0.2', '0.15'],
      [0.25, '0.3', '0.25'],
      [0.35, '0.4', '0.35'],
      [1.05, '1.1', '1.05'],
      [2.675, '2.7', '2.68'],
      [9.95, '10.0', '9.95'],
      [99.95, '100.0', '99.95'],
      [1234.55, '1234.6', '1234.55'],
      [0.05, '0.1', '0.05'],
      [0.04999, '0.0', '0.05'],
      [10, '10.0', '10.00'],
    ];

    expect(java.map(([value]) => [value, javaFixed(value, 1), javaFixed(value, 2)])).to.deep.equal(java);
  });

  it('writes times in milliseconds, seconds, minutes, hours, computed in single precision', () => {
    const java: readonly (readonly [number, string])[] = [
      [0, '0 ms'],
      [999, '999 ms'],
      [1000, '1.0 s'],
      [1050, '1.0 s'],
      [1051, '1.1 s'],
      [12345, '12.3 s'],
      [59949, '59.9 s'],
      [59950, '60.0 s'],
      [59999, '60.0 s'],
      [60000, '1.0 m'],
      [3599999, '60.0 m'],
      [3600000, '1.00 h'],
      [5418000, '1.50 h'],
      [987654321, '274.35 h'],
    ];

    expect(java.map(([ms]) => [ms, metricText('timing', reported(ms))])).to.deep.equal(java);
    expect(metricText('nsTiming', reported(12_345_999_999))).to.equal('12.3 s');
  });

  it('writes sizes in a unit from two of it on', () => {
    const java: readonly (readonly [number, string])[] = [
      [0, '0.0 B'],
      [2047, '2047.0 B'],
      [2048, '2.0 KiB'],
      [2150, '2.1 KiB'],
      [1048576, '1024.0 KiB'],
      [2097151, '2048.0 KiB'],
      [2097152, '2.0 MiB'],
      [3355443, '3.2 MiB'],
      [5000000000, '4.7 GiB'],
      [2 ** 62, '4.0 EiB'],
    ];

    expect(java.map(([bytes]) => [bytes, metricText('size', reported(bytes))])).to.deep.equal(java);
  });

  it('writes averages as a tenth of what is kept, thousands apart', () => {
    const java: readonly (readonly [number, string])[] = [
      [0, '0'],
      [5, '0.5'],
      [10, '1'],
      [12345, '1,234.5'],
      [10000000, '1,000,000'],
    ];

    expect(java.map(([kept]) => [kept, metricText('average', reported(kept))])).to.deep.equal(java);
  });

  it('shows total, minimum, median and maximum of several tasks, and who had the maximum', () => {
    // By hand: of 5 values the median is the one at index 2.
    expect(metricText('timing', reported(30, 10, 20, 0, 40))).to.equal(
      'total (min, med, max (stageId: taskId))\n100 ms (0 ms, 20 ms, 40 ms (stage 3.1: task 77))',
    );
    expect(metricText('average', reported(30, 10, 20, 0, 40))).to.equal(
      '(min, med, max (stageId: taskId)):\n(1, 3, 4 (stage 3.1: task 77))',
    );
  });

  it('leaves out -1, which stands for never set, and counts a sum beyond 2^53 exactly', () => {
    expect(metricText('size', reported(-1, 2048))).to.equal('2.0 KiB');
    expect(metricText('sum', reported(2 ** 53 - 1, 2 ** 53 - 1))).to.equal('18,014,398,509,481,982');
  });

  it('has no text for types that no Spark has, and N/A for those of connectors', () => {
    expect(metricText('colour', reported(1))).to.equal(undefined);
    expect(metricText('v2Custom_org.example.Metric', reported(1))).to.equal('N/A');
  });

  it('gives numbers in milliseconds, bytes, and the mean of averages', () => {
    expect(metricNumber('nsTiming', reported(3_000_000, 1_500_000))).to.equal(4.5);
    expect(metricNumber('size', reported(-1, 100))).to.equal(100);
    expect(metricNumber('average', reported(0, 10, 30))).to.equal(2);
  });
});
