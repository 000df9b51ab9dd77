import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { configurationPage } from '../../src/app/configuration-page.ts';
import { SECTIONS } from '../../src/app/settings.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { configTemplate } from '../../src/config/template.ts';

const root = new URL('../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');
const options = { file: 'config.ini.template', env: {}, readSecretFile: () => '' };

describe('app/settings and its documents', () => {
  it('config.ini.template and docs/configuration.md hold exactly the keys of the code (npm run docs writes them)', () => {
    expect(read('config.ini.template')).to.equal(configTemplate(SECTIONS));
    expect(read('docs/configuration.md')).to.equal(configurationPage(SECTIONS));
  });

  it('the template is a configuration that changes nothing, commented or not', () => {
    const template = read('config.ini.template');
    const uncommented = template.replaceAll(/^;(\w+ = )/gm, '$1');

    for (const text of [template, uncommented]) {
      const config = readConfig(text, SECTIONS, options);
      for (const section of SECTIONS)
        expect(config.of(section).settings).to.deep.equal(readConfig('', SECTIONS, options).of(section).settings);
    }
  });

  it('accepts a configuration of the original Spot as it is', () => {
    const original = `[SPARK_HISTORY]
api_base_url=http://localhost:18080/api/v1
ssl_path=
[CRAWLER]
batch=False
sleep_seconds=10
completion_timeout_seconds=1800
skip_exceptions=False
crawler_method=all
lookback_hours=168
time_step_seconds=3600
retry_sleep_seconds=900
retry_attempts=48
[SPOT_ELASTICSEARCH]
elasticsearch_url=http://localhost:9200
auth_type=
username=
password=
raw_index=spot_raw_default
agg_index=spot_agg_default
err_index=spot_err_default
limit_of_fields_increment=100
[MISC]
output_dir=output
[MENAS]
api_base_url=
username=user
[YARN]
yarn_api_base_url=http://localhost:8088/ws/v1/
`;
    const config = readConfig(original, SECTIONS, options);

    expect(config.warnings.length).to.be.greaterThan(5);
  });
});
