// A choice is made where it matters, takes effect at once, survives a reload, and can be taken back.

import { decide, giveSalt, openCompany, station } from './lib/company.mjs';

export const name = 'Choices: a key gets another name, which holds over a reload and can be taken back';

export async function run(world) {
  const { page, expect } = world;
  await openCompany(world);
  await giveSalt(world);
  await station(page, 'Plan').click();
  await decide(world);
  await page.getByRole('link', { name: /Source objects/ }).click();
  await page.locator('#search').fill('platform-prod');
  await page.locator('table.data tbody a').first().click();
  const field = page.locator('#rename');
  await expect.visible(field);
  expect.equal(await field.getAttribute('placeholder'), 'platform-prod', 'its own name');
  const named = async (name) => {
    await field.fill(name);
    await field.press('Enter');
    await expect.text(page.locator('aside.detail'), new RegExp(`virtual_key/${name}`));
  };
  await named('back-office');
  const choices = page.locator('details.choices');
  await choices.locator('summary').click();
  await choices.getByRole('button', { name: /^Keep its own name/ }).click();
  await expect.text(page.locator('aside.detail'), /virtual_key\/platform-prod/);
  await named('front-office');

  await page.reload();
  await station(page, 'Plan').click();
  await choices.locator('summary').click();
  await expect.text(choices, /→ front-office/);
  await expect.text(page.locator('#export'), /Start a new gateway/);
}
