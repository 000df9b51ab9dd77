import { expect } from 'chai';
import { Worker } from 'node:worker_threads';
import { SharedLineRoom, sharedLineMemory } from '../../../src/sources/event-log/shared-line-room.ts';

const MODULE = new URL('../../../src/sources/event-log/shared-line-room.ts', import.meta.url);
/** Takes the room, writes its number into all of it, looks whether it stayed so, and gives it back; 200 times. */
const BODY = `
  const { workerData, parentPort } = require('node:worker_threads');
  import(workerData.module).then(({ SharedLineRoom }) => {
    const room = new SharedLineRoom(workerData.memory, workerData.number);
    let disturbed = 0;
    for (let turn = 0; turn < 200; turn++) {
      const bytes = room.take();
      bytes.fill(workerData.number);
      for (let spin = 0; spin < 1000; spin++) if (bytes[spin % bytes.length] !== workerData.number) disturbed++;
      room.giveBack();
    }
    parentPort.postMessage(disturbed);
  });`;

describe('sources/event-log/shared-line-room', () => {
  it('is one thread’s at a time: 4 threads take it 200 times each and never see the bytes of another', async function () {
    this.timeout(60_000);
    const memory = sharedLineMemory(4096);

    const disturbed = await Promise.all(
      [1, 2, 3, 4].map(async (number) => {
        const worker = new Worker(BODY, { eval: true, workerData: { memory, number, module: MODULE.href } });
        const answer = await new Promise<unknown>((resolve, reject) => {
          worker.once('message', resolve).once('error', reject);
        });
        await worker.terminate();
        return answer;
      }),
    );

    expect(disturbed).to.deep.equal([0, 0, 0, 0]);
  });

  it('is given back for a thread that ended with it, and not for one that does not have it', () => {
    const memory = sharedLineMemory(16);
    const [one, two] = [new SharedLineRoom(memory, 1), new SharedLineRoom(memory, 2)];

    one.take();
    two.giveBack();
    expect(new Int32Array(memory, 0, 1)[0]).to.equal(1);
    new SharedLineRoom(memory, 1).giveBack();

    expect(two.take()).to.have.length(16);
  });
});
