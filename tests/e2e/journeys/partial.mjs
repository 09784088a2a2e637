// A proxy of which some reads fail: what is missing is named, asked again alone, and reading can be stopped.

import path from 'node:path';

import { facet, station } from './lib/company.mjs';

export const name = 'Partial: failed reads are named, only they are asked again, and reading is stopped and gone on with';

export const serve = null;

export async function run({ page, root, start, practise, faults, expect, screenshot, tolerate }) {
  // The relay says of a reset connection that nothing came.
  tolerate(/\/api\/source/);
  const company = await practise();
  const between = await faults(company.env.LITELLM_URL);
  const config = path.join(root, 'tests/fixtures/litellm/1.101.6/config.yaml');
  const relay = await start(['--config', config], { env: { ...company.env, LITELLM_URL: between.url } });
  const proxy = page.locator('.upstreams > li', { hasText: 'LiteLLM proxy' });
  const sources = page.locator('section[aria-labelledby="sources-title"]');
  const asked = () => between.asked.map((line) => line.split('?')[0]);
  const keys = async (count) => {
    await station(page, 'Inventory').click();
    await facet(page, 'Kind').selectOption({ index: 0 });
    await page.locator('#search').fill('virtual_key/');
    await expect.text(page.locator('.counted'), new RegExp(`^${count} of `));
    await station(page, 'Connect').click();
  };

  // Two of the reads fail, each in its way, as often as they are tried.
  between.spoil((read) => ({ '/key/list': 503, '/user/list': 'reset' })[read]);
  await page.goto(relay.link);
  await page.locator('#read-everything').click();
  await expect.eventually(async () => expect.contains(await proxy.innerText(), 'Read in part'), 60_000);
  await expect.text(page.locator('#missing'), /\/key\/list[\s\S]*503/);
  await expect.text(page.locator('#missing'), /\/user\/list/);
  await expect.text(sources, /\/key\/list/);
  expect.truthy(asked().filter((line) => line.endsWith('/key/list')).length > 1, 'the failed read was tried again');
  await page.getByText(/^\d+ of \d+ requests$/).click();
  await expect.text(page.locator('#parts'), /Missing/);
  await screenshot('partial');
  await keys(0);

  // It goes away: only what is missing is asked again.
  between.spoil();
  between.asked.length = 0;
  await expect.visible(page.locator('#read-missing'));
  await page.locator('#read-missing').focus();
  await page.keyboard.press('Enter');
  await expect.hidden(page.locator('#missing'));
  await expect.text(proxy, /Read(?! in part)/);
  expect.equal([...new Set(asked())].sort().filter((line) => !/\/(key|user)\//.test(line)), [], 'what else was asked');
  await keys(7);

  // Everything again, slowly: stopped after a while, and gone on with.
  between.spoil(() => ({ wait: 400 }));
  await page.locator('#read-everything').click();
  await expect.text(proxy.locator('.state'), /[1-9]\d* of \d+/);
  const stop = page.locator('#stop-reading');
  await stop.click();
  await expect.hidden(stop);
  await expect.text(page.locator('#missing'), /stopped/);
  between.spoil();
  await page.locator('#read-missing').click();
  await expect.eventually(async () => expect.contains(await proxy.innerText(), /✓\s*Read/), 60_000);
  await expect.count(page.locator('#missing'), 0);
  await keys(7);

  expect.equal(between.asked.filter((line) => !line.startsWith('GET ')), [], 'verbs other than GET towards the proxy');

  // The proxy is gone: said, with what can be done, and nothing else is lost.
  between.spoil(() => 'reset');
  await page.locator('#read-everything').click();
  await expect.eventually(async () => expect.contains(await proxy.innerText(), 'Not read'), 60_000);
  await expect.visible(page.locator('#read-missing'));
  await expect.text(sources, /config\.yaml/);
}
