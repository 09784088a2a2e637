// Runs the journeys: `node tests/e2e/run.mjs [FILTER]`. Each file in journeys/ exports
//   name                 what a person does
//   serve                optional: arguments of `gangway serve`; ['--practice'] if absent, null for no relay at all
//   context              optional: options of the browser context (viewport, colorScheme, javaScriptEnabled)
//   limit                optional: the milliseconds it may take at most; two minutes if absent
//   async run(world)     see harness/world.mjs
// and fails when it throws, when the page logs an error nobody expected, or when it breaks its security policy.
// UPDATE_SCREENS=1 writes the screenshots of the README anew.

import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';

import { launch } from './harness/browser.mjs';
import { travel } from './harness/world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const filter = process.argv[2] ?? '';

const files = (await readdir(path.join(here, 'journeys'))).filter((file) => file.endsWith('.mjs')).sort();
const journeys = await Promise.all(
  files.map(async (file) => ({ file, ...(await import(pathToFileURL(path.join(here, 'journeys', file)).href)) })),
);
const chosen = journeys.filter(({ file, name }) => `${file} ${name}`.toLowerCase().includes(filter.toLowerCase()));

let failed = 0;
const browser = await launch();
try {
  for (const journey of chosen) {
    const started = performance.now();
    const problems = await travel(browser, journey);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${problems.length ? 'FAILED' : 'ok    '}  ${journey.name} (${seconds} s)`);
    for (const problem of problems) console.log(`        ${problem.replaceAll('\n', '\n        ')}`);
    failed += problems.length ? 1 : 0;
  }
} finally {
  await browser.close();
}
if (chosen.length === 0) console.log(filter ? `no journey is called like "${filter}"` : 'there are no journeys');
console.log(`\n${chosen.length - failed} passed, ${failed} failed`);
process.exitCode = failed || chosen.length === 0 ? 1 : 0;
