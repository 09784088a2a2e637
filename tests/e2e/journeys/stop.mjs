// Stop is acknowledged at once, the end is told as it is, and applying again goes on from there without a double.

import { decide, giveSalt, openCompany, station } from './lib/company.mjs';

export const name = 'Stop and go on: the apply stops after the call under way and is finished after a reload';

export async function run(world) {
  const { page, expect } = world;
  await openCompany(world);
  await giveSalt(world);
  await station(page, 'Plan').click();
  await decide(world);
  // A slow gateway, so that there is time to press the button.
  const slowly = async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 150));
    await route.continue();
  };
  await page.route('**/api/target', slowly);
  await station(page, 'Apply').click();
  await page.locator('#apply').click();
  await expect.text(page.locator('.running .figures'), /[2-9] of \d+/);
  await page.locator('#stop').click();
  expect.contains(await page.locator('#stop').innerText(), 'finishing 1 call', 'the button at once');
  await expect.text(page.locator('main'), /Stopped\./);
  await expect.text(page.locator('#ending'), /not reached/);
  await page.unroute('**/api/target', slowly);

  // The tab dies and comes back: the journal knows.
  await page.reload();
  await expect.text(page.locator('#ending'), /not reached/);
  await page.locator('#read-again').first().click();
  await expect.text(page.locator('section[aria-labelledby="sources-title"]'), /deployment/);
  // The sources alone are not enough.
  await station(page, 'Apply').click();
  await expect.text(page.locator('#waits'), /waits for the salt key: \d+ secrets of its plan are still encrypted/);
  await expect.count(page.locator('#go-on'), 0);
  await page.getByRole('button', { name: 'Give the salt key' }).click();
  await giveSalt(world);
  // The plan made now finds what is there already; the stopped one is gone on with all the same.
  await station(page, 'Plan').click();
  await decide(world);
  await expect.text(page.locator('.summaries'), /same/);
  await station(page, 'Apply').click();
  await page.locator('#go-on').click();
  await expect.eventually(async () => expect.contains(await page.locator('#ending').innerText(), 'read back as planned'), 60_000);
  await expect.text(page.locator('main'), /Finished\./);
  // Every key is handed out, those made before the stop too.
  await expect.count(page.locator('section[aria-labelledby="keys-title"] tbody tr'), 6);
  await page.locator('#verify').click();
  await expect.text(page.locator('main'), /none differs/);
}
