import { expect } from 'chai';
import { encodeKey, queryString, signS3 } from '../../../src/sources/event-log/s3-signature.ts';

const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const NOW = new Date('2013-05-24T00:00:00Z');

function signature(request: Parameters<typeof signS3>[0], sessionToken?: string): string {
  const { authorization } = signS3(request, { ...CREDENTIALS, sessionToken }, 'us-east-1', NOW);
  return authorization!.replace(/.*Signature=/, '');
}

describe('sources/event-log/s3-signature', () => {
  it("signs the two examples of Amazon's documentation of Signature Version 4", () => {
    const host = 'examplebucket.s3.amazonaws.com';

    expect(signature({ method: 'GET', host, path: '/test.txt', headers: { range: 'bytes=0-9' } })).to.equal(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
    expect(signature({ method: 'GET', host, path: '/', query: { prefix: 'J', 'max-keys': '2' } })).to.equal(
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    );
  });

  // Signatures by botocore 1.43.11 for the same requests at the same moment.
  it('signs odd keys, a session token and a continuation token as botocore does', () => {
    const path = `/my-bucket/${encodeKey("a b/ü+(x)'!*~.log")}`;
    const query = { 'list-type': '2', prefix: 'logs/', 'encoding-type': 'url', 'continuation-token': 'a/b+=' };

    expect(path).to.equal('/my-bucket/a%20b/%C3%BC%2B%28x%29%27%21%2A~.log');
    expect(
      signature({ method: 'GET', host: 'localhost:9000', path, headers: { range: 'bytes=5-' } }, 'tok/en+='),
    ).to.equal('77618b5d8863d73aafdb42558eea50d4cadbe5bfe5bf710dd0f14fb90dbf13e9');
    expect(queryString(query)).to.equal('continuation-token=a%2Fb%2B%3D&encoding-type=url&list-type=2&prefix=logs%2F');
    expect(signature({ method: 'GET', host: 'b.s3.amazonaws.com', path: '/', query })).to.equal(
      '3047e4c8d1b9f6995cdeb29259d6e6b4883aa5051170999e01fd166c25e3d8e3',
    );
  });
});
