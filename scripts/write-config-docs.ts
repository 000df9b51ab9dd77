/** Writes config.ini.template and docs/configuration.md from the sections' tables; a test keeps them equal. */
import { writeFileSync } from 'node:fs';
import { configTemplate } from '../src/config/template.ts';
import { configurationPage } from '../src/app/configuration-page.ts';
import { SECTIONS } from '../src/app/settings.ts';

const root = new URL('../', import.meta.url);
writeFileSync(new URL('config.ini.template', root), configTemplate(SECTIONS));
writeFileSync(new URL('docs/configuration.md', root), configurationPage(SECTIONS));
