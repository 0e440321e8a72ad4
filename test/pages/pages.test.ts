/** The pages, as built, in a real browser: against a real engine and project, and in states that are hard to reach. */
import { describe } from 'vitest';
import { CHROMIUM, hasChromium } from '../../renderer/testkit/browser.ts';
import { projectPage } from './console.ts';
import { journeys } from './journeys.ts';
import { peoplePages } from './people.ts';
import { states } from './states.ts';

if (!hasChromium) console.warn(`the pages' tests are skipped: there is no ${CHROMIUM}`);

describe.skipIf(!hasChromium)('the pages with a real engine', journeys);
describe.skipIf(!hasChromium)('the page of a project', projectPage);
describe.skipIf(!hasChromium)('accounts and statistics of a project', peoplePages);
describe.skipIf(!hasChromium)('the pages in any state of an engine', states);
