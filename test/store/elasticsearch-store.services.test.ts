import { randomUUID } from 'node:crypto';
import { silentLogger } from '../../src/logging/logger.ts';
import { ElasticsearchStore } from '../../src/store/elasticsearch/elasticsearch-store.ts';
import { describeWithServer, settingsFor } from './elasticsearch/test-server.ts';
import { describeStoreContract } from './store-contract.ts';

for (const server of [{ variable: 'SPOT_TEST_ES_URL' }, { variable: 'SPOT_TEST_ES8_URL' }]) {
  describeWithServer(server.variable, (url, fetchJson) => {
    describeStoreContract(`store/elasticsearch at ${server.variable}`, () => {
      const suffix = randomUUID();
      return Promise.resolve({
        open: () => ElasticsearchStore.open(settingsFor(url, suffix), silentLogger),
        remove: async () => {
          const kinds = ['raw', 'agg', 'err', 'detail'];
          await fetchJson(
            'DELETE',
            `/${kinds.map((kind) => `spot_${kind}_test_${suffix}-000001`).join(',')}?ignore_unavailable=true`,
          );
        },
      });
    });
  });
}
