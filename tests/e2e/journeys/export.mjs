// A plan becomes config.json, its template and its values; the values are in the one download that is for them.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { saved, station } from './lib/company.mjs';

export const name = 'Export: config.json with references, the values and the new keys each in a file of their own';

const SECRET = 'sk-literal-canary-0003';

const CONFIG = `model_list:
  - model_name: my-gpt
    litellm_params:
      model: openai/gpt-4o
      api_key: ${SECRET}
  - model_name: claude
    litellm_params:
      model: anthropic/claude-sonnet-4
      api_key: os.environ/ANTHROPIC_API_KEY
general_settings:
  master_key: sk-master-canary-0004
`;

export async function run({ page, origin, tmp, expect }) {
  await page.goto(`${origin}/`);
  const file = path.join(tmp, 'config.yaml');
  await writeFile(file, CONFIG);
  await page.locator('#files').setInputFiles(file);
  await station(page, 'Plan').click();
  await expect.visible(page.locator('#verdict'));
  await page.locator('#export > summary').click();
  await expect.text(page.locator('#export'), /A start from config.json is for a new gateway/);
  const download = async (id) => readFile(await (await saved(page, () => page.locator(id).click())).path(), 'utf8');

  const config = await download('#export-config');
  const parsed = JSON.parse(config);
  expect.equal(parsed.version, 2, 'the version of the file');
  expect.equal(parsed.client.enforce_auth_on_inference, true, 'the door is closed from the start');
  expect.equal(parsed.providers.openai.keys[0].value, 'env.PROVIDER_KEY_OPENAI_MY_GPT', 'a reference');
  expect.equal(parsed.providers.anthropic.keys[0].value, 'env.ANTHROPIC_API_KEY', 'the same variable as before');
  const template = await download('#export-template');
  expect.contains(template, '\nPROVIDER_KEY_OPENAI_MY_GPT=\n', 'the template');
  const values = await download('#export-values');
  expect.contains(values, `\nPROVIDER_KEY_OPENAI_MY_GPT=${SECRET}\n`, 'the values');
  expect.contains(values, '\n# ANTHROPIC_API_KEY=\n', 'what only the host of LiteLLM knows is a comment');
  for (const text of [config, template]) {
    expect.excludes(text, SECRET, 'a file without secrets');
  }

  await expect.hidden(page.locator('#export-keys'));
  await page.locator('#export-new-keys').check();
  await expect.visible(page.locator('#export-keys'));
  expect.contains(await download('#export-keys'), 'virtual_key,litellm_key,new_value', 'the new keys');
  await expect.nowhere(page, [SECRET, 'sk-master-canary-0004']);
}
