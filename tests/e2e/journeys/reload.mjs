// A reload at any station keeps everything but secrets.

import { SALT, SECRETS, decide, giveSalt, openCompany, station } from './lib/company.mjs';

export const name = 'Reload at every station keeps everything but secrets';

export async function run(world) {
  const { page, expect } = world;
  const again = async () => {
    await page.reload();
    await expect.text(page.locator('#mode'), 'Practice');
    await expect.nowhere(page, [...SECRETS, ...(page.url().endsWith('/connect') ? [] : [SALT])]);
  };
  await openCompany(world);
  await giveSalt(world);
  expect.excludes(page.url(), '#t=', 'the address');

  await again();
  await expect.text(page.locator('main'), /The plan of \d+ source objects is still here/);
  await expect.text(page.locator('main'), /read the sources again/);

  await station(page, 'Inventory').click();
  await page.locator('#search').fill('platform');
  // What was typed goes into the address once the browser has painted it.
  await expect.text(page.locator('.counted'), / of /);
  await again();
  await expect.text(page.locator('h1'), 'Inventory');
  expect.equal(await page.locator('#search').inputValue(), 'platform', 'the search after a reload');
  await expect.text(page.locator('.counted'), / of /);

  await station(page, 'Plan').click();
  const operations = await page.locator('.counted').innerText();
  await page.locator('table.data tbody a').first().click();
  const before = await page.locator('#detail').innerText();
  await again();
  await expect.text(page.locator('#detail'), before);
  expect.equal(await page.locator('.counted').innerText(), operations, 'the operations after a reload');

  await station(page, 'Apply').click();
  await again();
  await expect.text(page.locator('#hindrances'), /Secrets are not kept/);
  await page.locator('#read-again').click();
  await expect.text(page.locator('h1'), 'Connect');
  await expect.text(page.locator('section[aria-labelledby="sources-title"]'), /deployment/);
  await giveSalt(world);
  await station(page, 'Plan').click();
  await decide(world);
  await station(page, 'Apply').click();
  await page.locator('#apply').click();
  await expect.eventually(async () => expect.contains(await page.locator('#ending').innerText(), 'read back'), 60_000);

  await again();
  await expect.text(page.locator('#ending'), /read back as planned/);
  await station(page, 'Report').click();
  await again();
  await expect.text(page.locator('main'), /Finished\./);
}
