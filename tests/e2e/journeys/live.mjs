// A running LiteLLM, a real PostgreSQL with its rows and an empty gateway, all through the relay, up to a plan.

import path from 'node:path';

import { SECRETS, decide, facet, station } from './lib/company.mjs';

export const name = 'Live: a LiteLLM over HTTP and its PostgreSQL are read through the relay, up to a plan';

export const serve = null;

export async function run(world) {
  const { page, root, start, practise, postgres, expect } = world;
  const recorded = (file) => path.join(root, 'tests/fixtures/litellm/1.101.6', file);
  const [company, database] = await Promise.all([practise(), postgres([recorded('db-schema.sql'), recorded('db-data.sql')])]);
  const relay = await start(['--config', recorded('config.yaml')], { env: { ...company.env, LITELLM_DB_URL: database.url } });
  const never = [...SECRETS, company.salt, company.env.LITELLM_MASTER_KEY, database.password];

  await page.goto(relay.link);
  await expect.text(page.locator('#mode'), 'Relay');
  const sources = page.locator('.upstreams > li');
  await expect.count(sources, 4);
  await page.locator('#read-everything').click();
  for (const source of ['LiteLLM proxy', 'database', 'config.yaml', 'Bifrost']) {
    await expect.text(sources.filter({ hasText: source }), /Read/);
  }
  await expect.text(page.locator('#opening'), /give the salt key/);
  await page.locator('#salt').fill(company.salt);
  await page.keyboard.press('Enter');
  await expect.text(page.locator('#opening'), /^All \d+ sealed values opened\.$/);
  await expect.nowhere(page, never);

  await station(page, 'Inventory').click();
  // What the recorded deployment holds.
  for (const [kind, count] of [['virtual_key', 7], ['deployment', 15], ['team', 3], ['organization', 2], ['credential', 2], ['user', 5]]) {
    await facet(page, 'Kind').selectOption(kind);
    await expect.text(page.locator('.counted'), new RegExp(`^${count} of `));
  }
  await facet(page, 'Seen in').selectOption('database');
  await expect.text(page.locator('.counted'), /^5 of /);
  await page.locator('table.data tbody a').first().click();
  await expect.text(page.locator('aside.detail'), /API, database/);
  await expect.nowhere(page, never);

  await station(page, 'Plan').click();
  await decide(world);
  const shown = Number((await page.locator('nav.tabs .count').first().innerText()).replace(',', ''));
  expect.truthy(shown > 20, 'operations of the plan');
  await expect.nowhere(page, never);
  const log = relay.output();
  for (const secret of never) expect.excludes(log, secret, 'the log of the relay');
}
