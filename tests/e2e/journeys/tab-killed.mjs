// Tabs are closed while they apply, at fifty places. Another browser, which knows nothing of the first, is given its plan by the
// relay and brings it to its end, and the gateway is as if nothing had happened. A tab that crashes cannot give its lock back:
// the next one is told how long to wait.

import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { SALT, decide, station } from './lib/company.mjs';
import { held } from './lib/gateway.mjs';

export const name = 'Fifty tabs are closed while they apply: another one brings it to the same end';

export const serve = null;
export const limit = 1_800_000;

const ROUNDS = 50;
const SEED = 2026;

let scenes = 0;

export async function run(world) {
  const { end, calls } = await undisturbed(world);
  const dice = roll(SEED);
  const places = new Set();
  for (let round = 0; round < ROUNDS; round += 1) {
    const at = 1 + (dice() % calls);
    const late = dice() % 12;
    places.add(at);
    await closed(world, { at, late }, end).catch((error) => {
      throw new Error(`round ${round}, seed ${SEED}, closed ${late} ms after call ${at} of ${calls}: ${error.stack ?? error}`);
    });
  }
  console.log(`        ${ROUNDS} tabs were closed at ${places.size} of ${calls} calls, seed ${SEED}`);
  await crashed(world);
}

// An apply that nothing disturbs: what the gateway holds afterwards, and how many calls it took.
async function undisturbed(world) {
  const scene = await fresh(world);
  const page = await arrive(world, scene);
  let calls = 0;
  page.on('request', (request) => (calls += Number(request.url().endsWith('/api/target'))));
  await page.locator('#apply').click();
  await finished(world, page);
  await page.close();
  const end = (await held(scene.gateway)).split('\n');
  await scene.leave();
  world.expect.truthy(calls > 50, 'calls of an apply');
  return { end, calls };
}

async function closed(world, death, end) {
  const { expect } = world;
  const scene = await fresh(world);
  const first = await arrive(world, scene);
  // Chromium asks, as the page wants it to, and the person means it.
  first.on('dialog', (dialog) => dialog.accept());
  const gone = dies(first, death, async () => {
    const closing = first.waitForEvent('close');
    await first.close({ runBeforeUnload: true });
    await closing;
  });
  await first.locator('#apply').click();
  await gone;

  const begun = await records(scene);
  const whole = begun.at(-1)?.end === 'finished';
  const browser = await world.browser.newContext();
  browser.setDefaultTimeout(15_000);
  const next = await arrive({ ...world, context: browser }, scene, begun.length > 0 && !whole);
  const aside = next.getByRole('button', { name: 'Put the journal aside' });
  if (whole) {
    // It was done before the tab was gone: nothing is left to do but to look.
    await next.locator('#apply').click();
    await aside.click();
    await next.locator('#apply').click();
  } else if (begun.length > 0) {
    await expect.text(next.locator('main'), /Another tab or command began an apply \(\d+ objects\) that was not finished, and the relay kept its plan/);
    await next.locator('#go-on').click();
  } else {
    await next.locator('#apply').click();
  }
  await finished(world, next);
  if (!whole) {
    const all = await records(scene);
    const plans = new Set(all.filter(({ record }) => record === 'opened').map(({ plan }) => plan));
    expect.equal([...plans], [all[0].plan], 'plans in the journal');
    expect.equal(all.slice(0, begun.length), begun, 'what the first tab wrote');
  }
  const lines = (await held(scene.gateway)).split('\n');
  const differ = lines.filter((line, at) => line !== end[at]);
  expect.equal([differ, lines.length], [[], end.length], 'lines in which the gateway differs, and how many it has');
  await browser.close();
  await scene.leave();
}

// What stands in the journal.
async function records({ journal }) {
  const text = await readFile(journal, 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1).map((line) => JSON.parse(line));
}

async function crashed(world) {
  world.tolerate(/^crash: /);
  world.tolerate(/\/api\/journal\/lock/);
  const scene = await fresh(world);
  const first = await arrive(world, scene);
  const gone = dies(first, { at: 30, late: 0 }, async () => {
    const crash = first.waitForEvent('crash');
    const session = await first.context().newCDPSession(first);
    // The answer never comes: who would give it is gone.
    session.send('Page.crash').catch(() => {});
    await crash;
    await first.close();
  });
  await first.locator('#apply').click();
  await gone;
  const next = await arrive(world, scene);
  await next.locator('#apply').click();
  await world.expect.text(next.locator('main'), /Another tab is applying; it was heard of \d+ s ago\.[\s\S]*If it crashed, this tab can go on in 1?\d\d s\./);
  await next.close();
  await scene.leave();
}

// A gateway with nothing in it, and a relay with a journal of its own.
async function fresh({ practise, start, root, tmp }) {
  const company = await practise();
  const config = path.join(root, 'tests/fixtures/litellm/1.101.6/config.yaml');
  scenes += 1;
  const journal = path.join(tmp, `journal-${scenes}.jsonl`);
  const relay = await start(['--config', config, '--journal', journal], { env: { BIFROST_URL: company.env.BIFROST_URL } });
  const leave = async () => {
    await relay.kill();
    await company.stop();
  };
  return { relay, journal, gateway: company.env.BIFROST_URL, leave };
}

// A new tab, up to the button that applies; one that finds an unfinished apply says so before anything is given.
async function arrive(world, { relay }, unfinished = false) {
  const { context, root, expect } = world;
  const page = await context.newPage();
  await page.goto(relay.link);
  if (unfinished) await expect.text(page.locator('main'), /Another tab or command began to apply the plan of \d+ source objects, and the relay kept it/);
  await page.locator('#files').setInputFiles(path.join(root, 'tests/fixtures/litellm/1.101.6/db-data.sql'));
  await page.locator('#read-everything').click();
  await expect.text(page.locator('.upstreams > li', { hasText: 'Bifrost' }), /Read/);
  await page.locator('#salt').fill(SALT);
  await page.keyboard.press('Enter');
  await expect.text(page.locator('#opening'), /^All .* opened\.$/);
  await station(page, 'Plan').click();
  await decide({ page, expect });
  await station(page, 'Apply').click();
  return page;
}

async function finished({ expect }, page) {
  await expect.eventually(async () => expect.contains(await page.locator('#ending').innerText(), 'read back as planned'), 60_000);
}

// Ends the tab `late` milliseconds after its `at`th call to the gateway left it.
function dies(page, { at, late }, end) {
  return new Promise((resolve, reject) => {
    let calls = 0;
    page.on('request', (request) => {
      if (!request.url().endsWith('/api/target')) return;
      calls += 1;
      if (calls === at) setTimeout(() => end().then(resolve, reject), late);
    });
  });
}

// Small numbers that look random, the same on every run.
function roll(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}
