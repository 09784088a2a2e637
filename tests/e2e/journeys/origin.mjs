// Every value leads to the place it was read at: the line, the row or the answer, masked, by keyboard too.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { SECRETS, giveSalt, openCompany, station } from './lib/company.mjs';

export const name = 'Origins: a value leads to its line, row or answer, masked, and Escape leads back';

const CANARIES = ['canary-literal-0001', 'canary-header-0002', 'canary-block-0003', 'canary-comment-0004', 'canary-variable-0005'];
const CONFIG = `model_list:
  - model_name: origin-gpt
    litellm_params:
      model: openai/gpt-4o
      api_key: ${CANARIES[0]}  # the old key was ${CANARIES[3]}
      extra_headers: {x-token: ${CANARIES[1]}, x-team: platform}
      vertex_credentials: |
        {"type": "service_account",
         "private_key": "${CANARIES[2]}"}
environment_variables:
  SOME_NAME: ${CANARIES[4]}
`;

export async function run(world) {
  const { page, expect, tmp } = world;
  await openCompany(world);
  await giveSalt(world);
  const file = path.join(tmp, 'extra.yaml');
  await writeFile(file, CONFIG);
  await page.locator('#files').setInputFiles(file);
  await expect.text(page.locator('section[aria-labelledby="sources-title"]'), /extra\.yaml/);
  await station(page, 'Inventory').click();

  const dialog = page.locator('#place');
  const open = async (search) => {
    await page.locator('#search').fill(search);
    await expect.text(page.locator('.counted'), / of /);
    await page.locator('table.data tbody a').first().click();
    await expect.focused(page.locator('#detail'));
  };
  // Every place of the panel, one after the other, by keyboard.
  const visit = async (kind) => {
    const places = page.locator('aside.detail button.origin');
    const count = await places.count();
    expect.truthy(count > 2, `places of ${kind}`);
    for (let at = 0; at < count; at += 1) {
      await places.nth(at).focus();
      await page.keyboard.press('Enter');
      await expect.visible(dialog);
      await expect.count(dialog.locator('[aria-current]'), /:\d+:\d+$/.test(await page.locator('#place-title').innerText()) ? 1 : await dialog.locator('[aria-current]').count());
      await expect.nowhere(page, [...CANARIES, ...SECRETS]);
      await page.keyboard.press('Escape');
      await expect.hidden(dialog);
      await expect.focused(places.nth(at));
    }
    // The panel stayed.
    await expect.visible(page.locator('#detail'));
  };

  await open('origin-gpt');
  await visit('a line');
  await page.getByRole('button', { name: 'extra.yaml:4:14' }).first().click();
  await expect.text(dialog.locator('[aria-current]'), /model: openai\/gpt-4o/);
  await expect.text(dialog, /api_key: •{8}/);
  await expect.text(dialog, /extra_headers: \{x-token: •{8}/);
  await expect.text(dialog, /masked/);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect.hidden(dialog);
  // What was shown is gone, not only hidden; the browser tells the page of a closed dialog a moment after it hid it.
  await expect.count(dialog.locator('.lines'), 0);

  await open('/key/list');
  await visit('a virtual key');
  await page.locator('aside.detail button.origin', { hasText: '/key/list' }).first().click();
  await expect.visible(dialog.locator('th', { hasText: 'key_alias' }));
  await page.keyboard.press('Escape');
  const row = page.locator('aside.detail button.origin', { hasText: 'LiteLLM_VerificationToken' }).first();
  await row.click();
  await expect.text(page.locator('#place-title'), /LiteLLM_VerificationToken\[/);
  await expect.visible(dialog.locator('th', { hasText: 'models' }));
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect.hidden(page.locator('#detail'));

  // On the plan the same places lead to the same excerpts.
  await station(page, 'Plan').click();
  await page.locator('#search').fill('origin-gpt');
  await page.locator('table.data tbody a').first().click();
  await page.locator('aside.detail button.origin', { hasText: 'extra.yaml' }).first().click();
  await expect.text(dialog, /model_name: origin-gpt/);
  await expect.nowhere(page, [...CANARIES, ...SECRETS]);
}
