// An apply is taken back from the console: first it is said what would be done, then it is done, and a new plan is the first one.

import { decide, giveSalt, openCompany, station } from './lib/company.mjs';

export const name = 'Take it back: shown first, done when told to, and the gateway is as before';

export async function run(world) {
  const { page, expect } = world;
  const table = page.getByRole('table', { name: /What is taken back/ });
  await openCompany(world);
  await giveSalt(world);
  await station(page, 'Plan').click();
  await decide(world);
  await station(page, 'Apply').click();
  const before = await page.locator('#apply').innerText();
  await page.locator('#apply').click();
  await expect.eventually(async () => expect.contains(await page.locator('#ending').innerText(), 'read back as planned'), 60_000);

  // Looking changes nothing, and can be left.
  await page.locator('#take-back').click();
  await expect.text(page.locator('#undo-announced'), /\d+ to remove, 1 to put back as before/);
  await expect.text(table, /made by this apply/);
  await page.getByRole('button', { name: 'Leave it as it is' }).click();
  await page.locator('#verify').click();
  await expect.text(page.locator('main'), /none differs/);

  // A tab that knows nothing of it is given its plan by the relay.
  const other = await (await world.browser.newContext()).newPage();
  const found = async (what) => {
    await other.goto(world.link);
    await station(other, 'Apply').click();
    await expect.text(other.locator('main'), what);
    await other.locator('#take-back').click();
    await expect.text(other.locator('#undo-announced'), /\d+ to remove/);
  };
  await found(/Applied before\./);
  await other.getByRole('button', { name: 'Leave it as it is' }).click();
  await expect.text(other.locator('main'), /Applied before\./);

  // Stopped half-way, the journal knows, and it is gone on with.
  const slowly = async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await route.continue();
  };
  await page.locator('#take-back').click();
  await expect.visible(page.locator('#take-back-now'));
  await page.route('**/api/target', slowly);
  await page.locator('#take-back-now').click();
  await expect.text(page.locator('.running .figures'), /[3-9] of \d+/, 60_000);
  await page.locator('#stop').click();
  await expect.text(page.locator('#undone'), /goes on from there/);
  await page.unroute('**/api/target', slowly);
  await found(/Half taken back\./);
  await other.context().close();
  await page.reload();
  await page.locator('#take-back').click();
  await page.locator('#take-back-now').click();
  await expect.eventually(async () => expect.contains(await page.locator('#undone').innerText(), 'the gateway is as it was before'), 60_000);
  expect.excludes(await table.innerText(), 'Failed', 'what came of each object');

  // What has to be done now is what had to be done first.
  await page.locator('#plan-anew').click();
  await page.locator('#read-again').first().click();
  await expect.text(page.locator('section[aria-labelledby="sources-title"]'), /deployment/);
  await giveSalt(world);
  await station(page, 'Plan').click();
  await decide(world);
  await station(page, 'Apply').click();
  const after = await page.locator('#apply').innerText();
  expect.contains(after, before, 'the plan after it was taken back');
}
