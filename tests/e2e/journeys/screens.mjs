// Pictures of the five stations in both themes, as the README shows them.

import { decide, giveSalt, openCompany, station } from './lib/company.mjs';

export const name = 'Screens: the five stations in light and dark';

export const context = { viewport: { width: 1280, height: 900 } };

export async function run(world) {
  const { page, expect, screenshot } = world;
  const both = async (name) => {
    // The focus ring of the heading belongs to the keyboard, not to the picture.
    await page.evaluate(() => {
      document.activeElement?.blur();
      scrollTo(0, 0);
    });
    // So does what the pointer rests on.
    await page.mouse.move(0, 0);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await screenshot(`${name}-${colorScheme}`);
    }
  };
  await openCompany(world);
  await giveSalt(world);
  await both('connect');
  await station(page, 'Inventory').click();
  await expect.visible(page.locator('table.data'));
  await both('inventory');
  await station(page, 'Plan').click();
  await decide(world);
  await page.getByLabel('Kind').selectOption('virtual_key');
  await page.locator('table.data tbody a').first().click();
  await both('plan');
  await station(page, 'Apply').click();
  await page.locator('#apply').click();
  await expect.eventually(async () => expect.contains(await page.locator('#ending').innerText(), 'read back'), 60_000);
  await both('apply');
  await station(page, 'Report').click();
  await both('report');
}
