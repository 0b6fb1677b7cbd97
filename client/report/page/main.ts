/** The report's page: reads the data that stands in it and draws what the run has. */
import type { ReportData } from '../report-data.js';
import { changesSection } from './changes.js';
import { costSection } from './cost.js';
import { coverageSection } from './coverage.js';
import { exampleDialog } from './detail.js';
import { el } from './dom.js';
import { examplesSection } from './examples.js';
import { pageFooter } from './footer.js';
import { pageHeader } from './header.js';
import { mapSection } from './map.js';
import { overviewSection } from './overview.js';
import { recipeSection } from './recipe.js';
import { scoresSection } from './scores.js';
import type { Section } from './section.js';
import { similaritySection } from './similarity.js';
import { studentSection } from './student.js';
import { yieldSection } from './yield.js';

const stored = document.getElementById('report-data');
if (stored === null) throw new Error('The report holds no data.');
const data: ReportData = JSON.parse(stored.textContent ?? '');

const dialog = exampleDialog(data);
const table = examplesSection(data, dialog);
const sections: Section[] = [
  overviewSection(data),
  yieldSection(data),
  costSection(data),
  similaritySection(data),
  studentSection(data, dialog.open),
  scoresSection(data, dialog.open),
  mapSection(data, dialog.open),
  coverageSection(data),
  table,
  changesSection(data),
  recipeSection(data),
].filter((section) => section !== null);

document.title = `${data.run.runId} · seedmill report`;
document.body.append(
  el('a', { class: 'skip', href: '#content' }, 'Skip to the content'),
  pageHeader(data, sections),
  el('main', { id: 'content', tabindex: -1 }, ...sections.map(({ element }) => element)),
  pageFooter(data),
  dialog.element,
);
dialog.followAddress();
