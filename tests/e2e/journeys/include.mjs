// A config.yaml that includes other files asks for them by name, until they are there.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';

export const name = 'Includes: a config.yaml asks for the files it includes';

export async function run({ page, origin, tmp, expect }) {
  const write = async (file, text) => {
    await writeFile(path.join(tmp, file), text);
    return path.join(tmp, file);
  };
  const models = 'model_list:\n  - model_name: included\n    litellm_params: {model: openai/gpt-4o}\n';
  const main = await write('config.yaml', 'include: [models.yaml]\ngeneral_settings:\n  alerting_threshold: 300\n');
  const sources = page.locator('section[aria-labelledby="sources-title"]');
  await page.goto(`${origin}/`);
  await page.locator('#files').setInputFiles(main);
  await expect.text(page.locator('#needed'), /^models\.yaml\. Give them too/);
  await expect.text(sources, /Also needed:/);
  await page.locator('#files').setInputFiles(await write('models.yaml', models));
  await expect.hidden(page.locator('#needed'));
  await expect.text(sources, /1 deployment/);
}
