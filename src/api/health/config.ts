import { defineSection } from '../../config/section.ts';

/** Where the daemon tells how it is. */
export const healthSection = defineSection({
  name: 'HEALTH',
  about:
    'Where the daemon tells how it is, over HTTP: /health/live, /health/ready and /metrics (Prometheus). It only reads, and asks for no password.',
  keys: {
    listen: {
      type: 'string',
      default: '127.0.0.1:9464',
      about:
        'HOST:PORT to listen on, [HOST]:PORT for IPv6; empty switches it off. The default is for this machine alone. With another address, such as ' +
        '0.0.0.0:9464, everybody who reaches it can read the names of clusters and counts of runs and errors; Spot says so in its log.',
    },
    allowed_hosts: {
      type: 'list',
      default: '',
      about:
        'Host names, separated by commas, under which the listener may be asked, beside localhost and any IP address. A request under another name is refused, so that no web page can read it through the browser of somebody on this machine.',
    },
    silent_after_seconds: {
      type: 'number',
      unit: 'seconds',
      default: '1800',
      min: 10,
      about:
        'A source of which nothing was heard for this long (no poll ended, no run stored or failed) makes Spot not ready. It must be longer than the longest wait for an answer; with a longer sleep_seconds, three times that counts.',
    },
  },
});
