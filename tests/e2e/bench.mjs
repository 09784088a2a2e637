// How long files take to become a plan on screen, in Chromium. Prints `what, measured, figure`, separated by tabs.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { launch } from './harness/browser.mjs';
import { serve } from './harness/gangway.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const recorded = path.join(root, 'tests/fixtures/litellm/1.101.6');
const tmp = await mkdtemp(path.join(os.tmpdir(), 'gangway-bench-'));
const fleet = await made(1_000);
const large = await made(10_000);

const salted = 'sk-salt-of-the-fleet';
const cases = [
  ['recorded company (7 keys, 15 deployments)', [path.join(recorded, 'config.yaml'), path.join(recorded, 'db-data.sql')], 'sk-salt-litellm-real-0001', '-'],
  ['1,000 keys, 300 deployments', [fleet], salted, '<= 300 ms'],
];

const relay = await serve(['--practice', '--port', '0'], { cwd: tmp });
const browser = await launch();
try {
  for (const [name, files, salt, figure] of cases) {
    const times = [];
    for (let round = 0; round < 5; round += 1) times.push(await once(files, salt));
    times.sort((a, b) => a - b);
    console.log(`in Chromium, files to plan on screen: ${name}\t${Math.round(times[2])} ms\t${figure}`);
  }
  const plans = [];
  for (let round = 0; round < 3; round += 1) plans.push(await planned(large, salted));
  plans.sort((a, b) => a - b);
  console.log(`in Chromium, plan, access and routing checks included: 10,000 keys, 300 deployments\t${Math.round(plans[1])} ms\t<= 2000 ms`);
  const config = path.join(tmp, 'config.yaml');
  await writeFile(config, largeConfig(2_400_000));
  const reads = [];
  for (let round = 0; round < 5; round += 1) reads.push(await readAndResolved(config));
  reads.sort((a, b) => a - b);
  console.log(`in Chromium, config.yaml of 2.4 MB read and resolved\t${Math.round(reads[2])} ms\t<= 500 ms`);
} finally {
  await browser.close();
  await relay.stop();
  await rm(tmp, { recursive: true, force: true });
}

// Reading, opening and planning on a page that has come to rest, without the time between them that a person or this
// script takes to click.
async function once(files, salt) {
  const { context, page } = await atRest();
  let spent = 0;
  const timed = async (act, seen) => {
    const begin = performance.now();
    await act();
    await seen();
    spent += performance.now() - begin;
  };
  await timed(() => page.locator('#files').setInputFiles(files), () => page.locator('section[aria-labelledby="sources-title"]').getByText(/deployment/).first().waitFor());
  await page.locator('#salt').fill(salt);
  await timed(() => page.getByRole('button', { name: 'Try it' }).click(), () => page.locator('#opening').getByText(/^All .* opened/).waitFor());
  await timed(() => page.getByRole('navigation', { name: 'Stations' }).getByRole('link', { name: 'Plan' }).click(), () => page.locator('#verdict').waitFor());
  await context.close();
  return spent;
}

// The console's own marks: from the file's bytes being there to the inventory, on a page that has come to rest.
async function readAndResolved(file) {
  const { context, page } = await atRest();
  await page.locator('#files').setInputFiles(file);
  await marked(page, 'gangway:opened');
  const at = (name) => page.evaluate((name) => performance.getEntriesByName(name)[0].startTime, name);
  const spent = (await at('gangway:opened')) - (await at('gangway:given'));
  await context.close();
  return spent;
}

// The console's own marks: from the inventory being there, with everything opened, to the plan.
async function planned(file, salt) {
  const { context, page } = await atRest();
  await page.locator('#files').setInputFiles(file);
  await marked(page, 'gangway:planned');
  await page.locator('#salt').fill(salt);
  await page.getByRole('button', { name: 'Try it' }).click();
  // Opened with the salt key, it is planned a second time.
  await marked(page, 'gangway:planned', 2);
  const at = (name) => page.evaluate((name) => performance.getEntriesByName(name)[1].startTime, name);
  const spent = (await at('gangway:planned')) - (await at('gangway:opened'));
  await context.close();
  return spent;
}

// A page of its own that has come to rest.
async function atRest() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${new URL(relay.link).origin}/`);
  await page.locator('#files').waitFor();
  await marked(page, 'gangway:warm');
  return { context, page };
}

function marked(page, name, times = 1) {
  const often = ([name, times]) => performance.getEntriesByName(name).length >= times;
  return page.waitForFunction(often, [name, times], { timeout: 120_000 });
}

// A made-up fleet as a dump, with that many keys.
async function made(keys) {
  const file = path.join(tmp, `fleet-${keys}.sql`);
  await promisify(execFile)(path.join(root, 'target/release/bench'), ['--fleet', String(keys), file]);
  return file;
}

// Deployments as people write them: a comment, references to the environment, a merge of defaults.
function largeConfig(bytes) {
  const parts = ['x-defaults: &defaults\n  timeout: 60\n  max_retries: 2\n\nmodel_list:\n'];
  for (let number = 0, size = 0; size < bytes; number += 1) {
    const provider = ['openai/gpt-4o', 'azure/gpt-4o-prod', 'anthropic/claude-sonnet-4-5', 'bedrock/us.amazon.nova-pro-v1:0'][number % 4];
    const entry = [
      `  # deployment ${number}, owned by team ${number % 97}`,
      `  - model_name: "group-${Math.floor(number / 3)}"`,
      '    litellm_params:',
      '      <<: *defaults',
      `      model: ${provider}`,
      `      api_key: os.environ/PROVIDER_KEY_${number % 40}`,
      `      api_base: https://region-${number % 12}.example.com/v1`,
      `      rpm: ${(number % 50) * 10 + 10}`,
      `      tpm: ${(number % 50) * 1000 + 1000}`,
      `    model_info: {id: "d-${number}", mode: chat, access_groups: [tier-${number % 5}]}`,
      '',
    ].join('\n');
    parts.push(entry);
    size += entry.length;
  }
  return parts.join('');
}
