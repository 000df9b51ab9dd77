import { defineSection } from '../config/section.ts';
import { PLATFORM_NAMES } from '../spark/platform.ts';

/** When models are fitted and kept, so that an answer needs no fit. */
export const modelsSection = defineSection({
  name: 'MODELS',
  about:
    'What many runs of one application teach (`spot fit`, `spot predict`, `spot suggest`), kept in the store beside the runs.',
  keys: {
    fit_after_pass: {
      type: 'boolean',
      default: 'true',
      about:
        'True lets a crawl fit and keep the models of the applications of which it has read new runs; each takes up to a second or two of CPU. ' +
        'False leaves that to `spot fit --save`, and without it an answer fits a model each time it is asked.',
    },
    min_new_runs: {
      type: 'integer',
      default: '5',
      min: 1,
      about:
        'A kept model is used until it lacks so many new runs, or a tenth of those it knows if that is less; then it is fitted again. 1 fits after each run.',
    },
    max_per_pass: {
      type: 'integer',
      default: '20',
      min: 1,
      about:
        'At most so many applications are fitted after one pass; the others wait for the next, first come first served.',
    },
  },
});

/** What the cluster can grant, for suggestions; the options of `spot suggest` win. */
export const platformSection = defineSection({
  name: 'PLATFORM',
  about: 'What the cluster can grant. A suggestion stays within it; what is not set is not checked.',
  keys: {
    platform: {
      type: 'string',
      default: 'yarn',
      choices: PLATFORM_NAMES,
      about: 'Whose rules turn a heap into a container, and what properties it manages itself.',
    },
    max_executors: { type: 'integer', default: '1000', min: 1, about: 'No suggestion has more executors.' },
    nodes: { type: 'integer', default: '0', min: 0, about: 'Machines of the cluster; 0: as many as one likes.' },
    node_cores: { type: 'integer', default: '0', min: 0, about: 'Cores of each machine; 0: not known.' },
    node_memory: {
      type: 'string',
      default: '',
      about:
        'Memory of each machine, as Spark writes sizes: 64g. Both this and node_cores are needed to cut machines into executors.',
    },
    instance_type: {
      type: 'string',
      default: '',
      about: 'A machine of the price book ([PRICES] price_book), in place of node_cores and node_memory.',
    },
    max_container: {
      type: 'string',
      default: '',
      about:
        'The largest container that is granted, as Spark writes sizes: YARN refuses larger ones (yarn.scheduler.maximum-allocation-mb).',
    },
  },
});
