import { expect } from 'chai';
import { apiAddress } from '../../../src/sources/history-server/address.ts';
import { ConfigError } from '../../../src/util/errors.ts';

describe('sources/history-server/address', () => {
  it('puts a base address right that lacks /api/v1, ends in slashes or goes on to /applications', () => {
    const texts = [
      'http://hs:18080',
      'http://hs:18080/',
      'http://hs:18080/api/v1',
      'http://hs:18080/api/v1//',
      'http://hs:18080/api/v1/applications',
    ];

    expect(texts.map((text) => apiAddress(text).text)).to.deep.equal(Array<string>(5).fill('http://hs:18080/api/v1'));
  });

  it('keeps the path of a gateway in front', () => {
    const address = apiAddress('https://gate.example/gateway/prod/sparkhistory/api/v1/');

    expect(address).to.include({
      origin: 'https://gate.example',
      basePath: '/gateway/prod/sparkhistory/api/v1',
      isSecure: true,
    });
    expect(address.url('/applications')).to.equal('https://gate.example/gateway/prod/sparkhistory/api/v1/applications');
  });

  it('gives the host without port, an IPv6 one without brackets', () => {
    expect(apiAddress('http://history.example:18080').host).to.equal('history.example');
    expect(apiAddress('http://[2001:db8::1]:18080').host).to.equal('2001:db8::1');
  });

  it('knows this machine by its names', () => {
    const loopback = ['http://localhost:1', 'http://127.0.0.1:1', 'http://127.1.2.3', 'http://[::1]:1'];
    const others = ['http://localhost.example', 'http://10.0.0.1', 'http://[2001:db8::1]'];

    expect(loopback.map((text) => apiAddress(text).isLoopback)).to.deep.equal([true, true, true, true]);
    expect(others.map((text) => apiAddress(text).isLoopback)).to.deep.equal([false, false, false]);
  });

  it('refuses what is no http address, and one that carries a password, without repeating it', () => {
    for (const text of ['', 'history:18080', 'file:///tmp/x', 'ftp://h/'])
      expect(() => apiAddress(text)).to.throw(ConfigError, 'api_base_url must be');

    expect(() => apiAddress('http://spot:hunter2@hs:18080'))
      .to.throw(ConfigError, 'use username and password')
      .with.property('message')
      .that.does.not.contain('hunter2');
  });
});
