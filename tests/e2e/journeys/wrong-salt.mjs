// A wrong salt key says so, names what did not open, and is corrected.

import { openCompany } from './lib/company.mjs';

export const name = 'A wrong salt key is noticed at once and corrected';

export async function run(world) {
  const { page, expect } = world;
  await openCompany(world);
  await expect.text(page.locator('#opening'), /give the salt key/);
  await page.locator('#salt').fill('sk-not-the-salt');
  await page.getByRole('button', { name: 'Try it' }).click();
  await expect.text(page.locator('#opening'), /^None of \d+ opened: this is not the salt key of this database\.$/);
  expect.equal(await page.locator('#salt').inputValue(), '', 'the input after it was read');
  await page.getByText('Which did not open').click();
  await expect.text(page.locator('section[aria-labelledby="salt-title"] details'), /LiteLLM_ProxyModelTable/);
  await expect.nowhere(page, ['sk-not-the-salt']);
  await page.locator('#fill-salt').click();
  await page.keyboard.press('Enter');
  await expect.text(page.locator('#opening'), /^All .* opened\.$/);
}
