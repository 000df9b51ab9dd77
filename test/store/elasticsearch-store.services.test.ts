import { randomUUID } from 'node:crypto';
import { silentLogger } from '../../src/logging/logger.ts';
import { ElasticsearchStore } from '../../src/store/elasticsearch/elasticsearch-store.ts';
import { describeWithService } from '../support/describe-with-service.ts';
import { removeIndexes, settingsFor } from './elasticsearch/test-server.ts';
import { describeStoreContract } from './store-contract.ts';

for (const variable of ['SPOT_TEST_ES_URL', 'SPOT_TEST_ES8_URL']) {
  describeWithService(variable, `store/elasticsearch at ${variable}`, (url) => {
    describeStoreContract('elasticsearch', () => {
      const suffix = randomUUID();
      return Promise.resolve({
        open: () => ElasticsearchStore.open(settingsFor(url, suffix), silentLogger),
        remove: () => removeIndexes(url, suffix),
      });
    });
  });
}
