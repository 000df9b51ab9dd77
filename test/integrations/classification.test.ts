import { expect } from 'chai';
import { classificationEnricher, classify } from '../../src/integrations/enricher.ts';
import { attemptOf, inputOf } from '../documents/sample-run.ts';

/** Expected values: the rules of AbsaOSS Spot, worked out by hand. */
describe('integrations/classification', () => {
  it('takes a name apart at each single space ; , . - % _ and keeps empty tokens in their place', () => {
    expect(classify('load;a,b.c-d%e_f  g')).to.deep.equal({
      classification: {
        app: 'load;a,b.c-d%e_f  g',
        type: 'load;a,b.c-d%e_f  g',
        '1': 'load',
        '2': 'a',
        '3': 'b',
        '4': 'c',
        '5': 'd',
        '6': 'e',
        '7': 'f',
        '8': '',
        '9': 'g',
      },
      tag: 'load;a,b.c-d%e_f  g',
    });
  });

  it('has one empty token for the empty name', () => {
    expect(classify('')).to.deep.equal({ classification: { app: '', type: '', '1': '' }, tag: '' });
  });

  it('keeps tabs, slashes and letters of any script inside a token', () => {
    expect(classify('größe/été\t東京').classification['1']).to.equal('größe/été\t東京');
  });

  it('is what the enricher without other systems answers', () => {
    const { application } = inputOf();

    const answer = classificationEnricher(application, attemptOf(), { signal: AbortSignal.abort() });

    expect(answer).to.deep.equal(classify('nightly load'));
  });

  it('asks the rules of other systems in their order', () => {
    const rule = (tag: string, start: string) => (name: string) =>
      name.startsWith(start) ? { classification: {}, tag } : undefined;

    expect(classify('abc', [rule('second', 'b'), rule('first', 'ab'), rule('third', 'a')]).tag).to.equal('first');
    expect(classify('xyz', [rule('second', 'b')]).tag).to.equal('xyz');
  });
});

describe('integrations/enceladus', () => {
  it('reads Enceladus TYPE APPVER DATASET DSVER INFODATE INFOVER', () => {
    expect(classify('Enceladus Standardization 2.14.0 clients 3 2020-01-31 1')).to.deep.equal({
      classification: {
        project: 'enceladus',
        app: 'enceladus',
        type: 'standardization',
        app_version: '2.14.0',
        dataset: 'clients',
        dataset_version: 3,
        info_date: 'str:2020-01-31',
        info_date_casted: '2020-01-31T12:00:00+00:00',
        info_version: 1,
      },
      tag: 'standardization_2.14.0_clients_3',
    });
  });

  it('reads the old form of standardization, a day-first date and versions that are no numbers', () => {
    expect(classify('Standardisation 1.0.0-SNAPSHOT clients v3 31-01-2020 latest')).to.deep.equal({
      classification: {
        project: 'enceladus',
        app: 'enceladus',
        type: 'standardization',
        app_version: '1.0.0-SNAPSHOT',
        dataset: 'clients',
        dataset_version: 'v3',
        info_date: 'str:31-01-2020',
        info_date_casted: '2020-01-31T12:00:00+00:00',
        info_version: 'latest',
      },
      tag: 'standardization_1.0.0-SNAPSHOT_clients_v3',
    });
  });

  it('reads the old form of conformance', () => {
    const { classification, tag } = classify('Dynamic Conformance 1.0.0 clients 3 2020-01-31 2');

    expect(classification).to.include({ app: 'enceladus', type: 'conformance', dataset: 'clients', info_version: 2 });
    expect(tag).to.equal('conformance_1.0.0_clients_3');
  });

  for (const date of ['2020-02-30', '31/01/2020', '2020-1-31', 'today']) {
    it(`has no day for the info date ${date}`, () => {
      const { classification } = classify(`Enceladus Conformance 2 clients 3 ${date} 1`);

      expect(classification).to.include({ info_date: `str:${date}`, info_date_casted: null });
    });
  }

  for (const name of [
    'Enceladus',
    'Enceladus ',
    'EnceladusTest',
    'Enceladus is a moon',
    'Enceladus Conformance 2 clients 3 2020-01-31',
    'Standardisation 1 clients 3 2020-01-31',
    'Standardisation 1 clients 3 2020-01-31 1 more',
    'Dynamic Conformance 1 clients 3 2020-01-31',
    'Conformance 1 clients 3 2020-01-31 1',
  ]) {
    it(`gives ${JSON.stringify(name)} the default classification`, () => {
      const { classification, tag } = classify(name);

      expect(classification).to.include({ app: name, type: name }).and.not.have.property('project');
      expect(tag).to.equal(name);
    });
  }
});
