import { expect } from 'chai';
import fc from 'fast-check';
import { EventHeap, type EventKind } from '../../src/simulation/event-heap.ts';

describe('simulation/event-heap', () => {
  it('gives 1 to 300 events back as Array.sort orders them by time, kind, subject and executor', () => {
    const event = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 7 }), fc.nat(5), fc.nat(3));

    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 300 }), (events) => {
        const heap = new EventHeap();
        for (const [time, kind, subject, executor] of events) heap.push(time, kind as EventKind, subject, executor);
        const taken = events.map(() => {
          heap.take();
          return [heap.time, heap.kind, heap.subject, heap.executor];
        });

        const sorted = events.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]);
        expect(taken).to.deep.equal(sorted);
        expect(heap.size).to.equal(0);
        expect(heap.nextTime).to.equal(Infinity);
      }),
    );
  });
});
