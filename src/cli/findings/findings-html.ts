import type { PricedAnalysis } from '../../app/price-analysis.ts';
import type { Finding } from '../../analysis/finding.ts';
import {
  costNotes,
  factName,
  factText,
  plain,
  savingText,
  settingsOf,
  verdictText,
  worthText,
} from './findings-text.ts';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd }
pre { background: #f4f4f4; padding: .6rem; overflow-x: auto } dl { display: grid; grid-template-columns: max-content auto; gap: .1rem 1rem }
dt { color: #666 } dd { margin: 0; overflow-wrap: anywhere }
.critical { color: #a00; font-weight: 700 } .severe { color: #b40; font-weight: 700 } .moderate { color: #850 } .low { color: #555 }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } pre { background: #262626 } td, th { border-color: #444 } dt, .low { color: #aaa } .critical, .severe { color: #f87 } .moderate { color: #ec6 } }
`;

/** One page that needs nothing from elsewhere and runs nothing; text from the run is escaped. */
export function analysisHtml(analysis: PricedAnalysis): string {
  const { findings, notMeasurable, errors } = analysis;
  const title = `${analysis.run} (${analysis.name})`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${escaped(verdictText(analysis))}</p>
${costNotes(analysis)
  .map((note) => `<p>${escaped(note)}</p>`)
  .join('\n')}
${findings.length === 0 ? '' : overview(findings)}
${findings.map(section).join('\n')}
${list(
  'Not measurable',
  notMeasurable.map(({ id, because }) => `${id}, because ${because}`),
)}
${list(
  'Errors',
  errors.map(({ id, message }) => `${id}: ${message}`),
)}
</body>
</html>`;
}

function overview(findings: readonly Finding[]): string {
  const rows = findings.map(
    (finding) =>
      `<tr><td class="${finding.severity}">${finding.severity}</td><td>${escaped(finding.title)}</td><td>${escaped(finding.subject)}</td><td>${escaped(savingText(finding) ?? '-')}</td><td>${escaped(worthText(finding) ?? '-')}</td></tr>`,
  );
  return `<table>
<tr><th>severity</th><th>finding</th><th>where</th><th>saves</th><th>worth</th></tr>
${rows.join('\n')}
</table>`;
}

function section(finding: Finding): string {
  const settings = settingsOf(finding);
  const facts = Object.entries(finding.facts).map(
    ([name, value]) => `<dt>${escaped(factName(name))}</dt><dd>${escaped(factText(name, value))}</dd>`,
  );
  return `<h2>${escaped(finding.title)} (${escaped(finding.subject)})</h2>
<p>${escaped(finding.fix.text)}</p>
${settings.length === 0 ? '' : `<pre>${settings.map(escaped).join('\n')}</pre>`}
<dl>${facts.join('')}</dl>`;
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  return `<h2>${title}</h2>\n<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return plain(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
