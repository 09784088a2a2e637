// The page without a relay's token: a config.yaml becomes a plan and a report, and nothing is sent.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { saved, station } from './lib/company.mjs';

export const name = 'Offline: a config.yaml becomes a plan and a report, nothing is sent';

const CONFIG = `model_list:
  - model_name: my-gpt
    litellm_params:
      model: openai/gpt-4o
      api_key: sk-literal-canary-0001
  - model_name: claude
    litellm_params:
      model: anthropic/claude-sonnet-4
      api_key: os.environ/ANTHROPIC_API_KEY
general_settings:
  master_key: sk-master-canary-0002
`;

export async function run({ page, origin, tmp, expect }) {
  const asked = [];
  page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
  await page.goto(`${origin}/`);
  await expect.text(page.locator('#mode'), 'Offline');
  const file = path.join(tmp, 'config.yaml');
  await writeFile(file, CONFIG);
  await page.locator('#files').setInputFiles(file);
  await expect.text(page.locator('section[aria-labelledby="sources-title"]'), /LiteLLM config: 2 deployments/);

  await station(page, 'Inventory').click();
  await expect.text(page.locator('table.data'), /my-gpt/);
  await station(page, 'Plan').click();
  await expect.visible(page.locator('#verdict'));
  const plan = JSON.parse(await readFile(await (await saved(page, () => page.getByRole('button', { name: 'plan.json' }).click())).path(), 'utf8'));
  expect.equal(plan.format, 'gangway.plan.v1', 'format of the download');
  expect.truthy(plan.objects.some((object) => object.kind === 'deployment'), 'the plan accounts for the deployments');

  await station(page, 'Apply').click();
  await expect.text(page.locator('#hindrances'), /offline/);
  await expect.count(page.locator('#apply'), 0);
  await station(page, 'Report').click();
  const report = await readFile(await (await saved(page, () => page.getByRole('button', { name: 'HTML report' }).click())).path(), 'utf8');
  expect.contains(report, 'my-gpt', 'the report');
  for (const secret of ['sk-literal-canary-0001', 'sk-master-canary-0002']) {
    expect.excludes(report, secret, 'the report');
    expect.excludes(JSON.stringify(plan), secret, 'the plan');
  }
  await expect.nowhere(page, ['sk-literal-canary-0001', 'sk-master-canary-0002']);

  const api = asked.filter((line) => line.includes('/api'));
  expect.equal(api, [], 'calls to the relay');
  const others = asked.filter((line) => !/^GET \/([\w.-]+\.(js|css|wasm))?$/.test(line));
  expect.equal(others, [], 'requests that are not the page itself');
}
