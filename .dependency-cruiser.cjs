/** The rings of docs/ARCHITECTURE.md: imports run one way. Proved on planted violations by test/architecture.test.ts. */
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const pure = '^src/(aggregations|analysis|simulation|regression|money|comparison|series)/';
// Node's own modules resolve to their name with or without `node:`, packages to a path in node_modules.
const outside =
  '^(node:)?(fs|net|http|https|http2|dgram|dns|tls|child_process|worker_threads|sqlite)(/|$)|node_modules/(undici|@elastic|p-queue|winston|luxon)/';

module.exports = {
  forbidden: [
    rule('no-cycles', 'A cycle means two files are one idea.', {}, { circular: true }),
    rule(
      'ring-0',
      'util and spark know nothing of Spot.',
      { path: '^src/(util|spark)/' },
      { path: '^src/(?!util/|spark/)' },
    ),
    rule(
      'ring-1',
      'Documents, configuration and logging stand on ring 0 alone.',
      { path: '^src/(documents|config|logging)/([^/]+)' },
      { path: '^src/(?!util/|spark/|documents/|config/|logging/)' },
    ),
    rule(
      'ring-1-apart',
      'documents, config and logging do not know each other.',
      { path: '^src/(documents|config|logging)/' },
      { path: '^src/(documents|config|logging)/', pathNot: '^src/$1/' },
    ),
    rule(
      'ring-2',
      'What a run amounts to is computed from documents alone.',
      { path: '^src/(aggregations|analysis|simulation|regression|money|comparison|series|eventlog)/' },
      { path: '^src/(sources|store|integrations|crawler|alerts|setter|tuning|api|mcp|app|cli)/' },
    ),
    rule(
      'ring-2-pure',
      'No network, no database, no clock, no files in what is computed.',
      { path: pure },
      {
        path: outside,
        dependencyTypesNot: ['type-only'],
      },
    ),
    rule(
      'ring-3',
      'Adapters know documents, not those who use them.',
      { path: '^src/(sources|store|integrations)/' },
      { path: '^src/(crawler|alerts|setter|tuning|api|mcp|app|cli)/' },
    ),
    rule(
      'adapters-apart',
      'One adapter never imports another.',
      { path: '^src/(sources|store|integrations)/([^/]+)/' },
      { path: '^src/(sources|store|integrations)/[^/]+/', pathNot: '^src/$1/$2/' },
    ),
    rule(
      'ring-4',
      'The crawler, the alerts, the setter and the tuning see ports, never an adapter.',
      { path: '^src/(crawler|alerts|setter|tuning)/' },
      { path: '^src/((sources|store|integrations)/[^/]+/|api/|mcp/|app/|cli/)' },
    ),
    rule(
      'ring-5',
      'A door knows ports and use cases, never an adapter or who opens it.',
      { path: '^src/(api|mcp)/' },
      { path: '^src/((sources|store|integrations)/[^/]+/|app/|cli/)' },
    ),
    rule(
      'ring-6',
      'Nothing below the street door imports it.',
      { path: '^src/', pathNot: '^src/cli/' },
      { path: '^src/cli/' },
    ),
    rule(
      'winston-in-app',
      'Only the composition root knows the logging library.',
      { path: '^src/', pathNot: '^src/(app|logging)/' },
      { path: 'node_modules/winston' },
    ),
    rule(
      'no-test-in-src',
      'The product does not import its tests.',
      { path: '^src/' },
      { path: '^(test|bench|scripts)/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
