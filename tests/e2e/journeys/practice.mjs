// The practice company through all five stations with the mouse, to the end.

import { readFile } from 'node:fs/promises';

import { SALT, SECRETS, decide, giveSalt, openCompany, saved, station } from './lib/company.mjs';

export const name = 'Practice: the company goes through all five stations, applied, verified, keys handed out';

export async function run(world) {
  const { page, expect } = world;
  await openCompany(world);
  await giveSalt(world);
  await expect.nowhere(page, SECRETS);

  await page.getByRole('button', { name: 'See the inventory' }).click();
  await expect.text(page.locator('h1'), 'Inventory');
  await page.locator('#search').fill('platform');
  await expect.text(page.locator('.counted'), /\d+ of \d+ objects/);
  await page.locator('table.data tbody a').first().click();
  await expect.visible(page.locator('aside.detail'));
  await expect.nowhere(page, [...SECRETS, SALT]);

  await station(page, 'Plan').click();
  await decide(world);
  const counts = await page.locator('.counted').innerText();
  const operations = Number((await page.locator('nav.tabs .count').first().innerText()).replace(',', ''));
  expect.contains(counts, String(operations), 'the count of the table');
  await page.locator('table.data tbody a').first().click();
  await expect.visible(page.locator('aside.detail table.accounting'));
  const link = page.url();
  expect.contains(link, '#op-', 'the permalink');
  await expect.nowhere(page, [...SECRETS, SALT]);
  const texts = [];
  for (const button of ['plan.json', 'HTML', 'Markdown', 'CSV']) {
    const download = await saved(page, () => page.locator('.downloads').getByRole('button', { name: button, exact: true }).click());
    texts.push(await readFile(await download.path(), 'utf8'));
  }

  await station(page, 'Apply').click();
  const apply = page.locator('#apply');
  await expect.text(apply, /Apply to .*: create \d+, change \d+/);
  await apply.click();
  await expect.eventually(async () => expect.contains(await page.locator('#ending').innerText(), 'read back as planned'), 60_000);
  await expect.text(page.locator('main'), /Finished\./);
  const keys = page.locator('section[aria-labelledby="keys-title"]');
  await expect.visible(keys);
  await expect.excludes(await keys.innerText(), 'sk-bf-', 'new keys before one is shown');
  await keys.getByRole('button', { name: 'Show' }).first().click();
  await expect.text(keys, /sk-bf-/);
  await keys.getByRole('button', { name: 'Hide' }).click();
  await page.locator('#save-keys-button').click();
  const handed = await saved(page, () => page.locator('#save-keys-now').click());
  const csv = await readFile(await handed.path(), 'utf8');
  expect.contains(csv, /sk-bf-[\w-]+/, 'the hand-over');
  const issued = [...csv.matchAll(/sk-bf-[\w-]+/g)].map((match) => match[0]);
  await expect.nowhere(page, [...SECRETS, SALT, ...issued]);

  await page.locator('#verify').click();
  await expect.text(page.locator('main'), /none differs/);

  await station(page, 'Report').click();
  await expect.text(page.locator('main'), /Finished\./);
  const things = Number((await page.locator('main').innerText()).match(/(\d+) things are left to you/)?.[1]);
  expect.equal(await page.locator('#left > ul > li').count(), things, 'the lines of what is left to a person');
  for (const button of ['HTML report', 'Markdown', 'CSV', 'plan.v1 JSON', 'report.v1 JSON', 'Journal']) {
    const download = await saved(page, () => page.getByRole('button', { name: button, exact: true }).click());
    texts.push(await readFile(await download.path(), 'utf8'));
  }
  for (const text of texts) {
    for (const secret of [...SECRETS, SALT, ...issued]) expect.excludes(text, secret, 'a download');
  }
  await page.locator('#hide-names').check();
  const hidden = await saved(page, () => page.getByRole('button', { name: 'HTML report' }).click());
  expect.excludes(await readFile(await hidden.path(), 'utf8'), /[\w.]+@[\w.]+\.\w+/, 'the report with names hidden');
}
