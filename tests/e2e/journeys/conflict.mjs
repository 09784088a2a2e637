// A config.yaml and a database that disagree: both values, which one is used, and why; secrets on neither side.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { facet, station } from './lib/company.mjs';

export const name = 'Conflicts: both values side by side, which one is used and why, by filter and by object';

const CANARIES = ['canary-file-0001', 'canary-rows-0002', 'sk-canary-master-0003'];
const CONFIG = `model_list:
  - model_name: chat
    litellm_params:
      model: openai/gpt-4o
      api_base: https://file.example/v1
      api_key: ${CANARIES[0]}
    model_info:
      id: shared-id
general_settings:
  master_key: ${CANARIES[2]}
litellm_settings:
  num_retries: 2
  request_timeout: 600
`;
const DUMP = `--
-- PostgreSQL database dump
--
INSERT INTO public."LiteLLM_ProxyModelTable" ("model_id", "model_name", "litellm_params", "model_info") VALUES ('shared-id', 'chat', '{"model": "openai/gpt-4o-mini", "api_base": "https://rows.example/v1", "api_key": "${CANARIES[1]}"}', '{"id": "shared-id", "db_model": true}');
INSERT INTO public."LiteLLM_Config" ("param_name", "param_value") VALUES ('litellm_settings', '{"num_retries": 5, "request_timeout": 600}');
--
-- PostgreSQL database dump complete
--
`;

export async function run({ page, origin, tmp, expect, screenshot }) {
  const give = async (files) => {
    await page.goto(`${origin}/`);
    await page.evaluate(() => sessionStorage.clear());
    await page.reload();
    const paths = [];
    for (const [file, text] of Object.entries(files)) {
      paths.push(path.join(tmp, file));
      await writeFile(paths.at(-1), text);
    }
    await page.locator('#files').setInputFiles(paths);
    await expect.text(page.locator('section[aria-labelledby="sources-title"]'), /deployment/);
    await expect.visible(page.getByRole('button', { name: 'See the inventory' }));
    await station(page, 'Inventory').click();
    await page.locator('nav.tabs').getByRole('link', { name: /Sources disagree/ }).click();
    await expect.visible(page.locator('table.data'));
  };
  const row = (field) => page.locator('table.data tbody tr', { hasText: field });
  const version = (litellm_version) => JSON.stringify({ status: 'healthy', db: 'connected', litellm_version });

  // Before 1.103 a setting of the database wins over the file.
  await give({ 'config.yaml': CONFIG, 'dump.sql': DUMP, 'readiness.json': version('1.101.6') });
  await expect.text(row('num_retries'), /5 \(database\)[\s\S]*2 \(config file\)[\s\S]*Before 1\.103/);
  await expect.text(page.locator('.counted'), /^\d+ conflicts?$/);
  await expect.count(row('request_timeout'), 0);
  await facet(page, 'Kind').selectOption('deployment');
  await expect.text(page.locator('.counted'), / of /);
  await expect.count(row('num_retries'), 0);
  await expect.text(row('api_base'), /rows\.example[\s\S]*file\.example/);
  await expect.nowhere(page, CANARIES);

  await row('api_base').getByRole('link').click();
  const detail = page.locator('aside.detail');
  await expect.text(detail, /Used[\s\S]*Not used[\s\S]*https:\/\/rows\.example\/v1[\s\S]*https:\/\/file\.example\/v1/);
  await screenshot('conflict');
  const places = detail.locator('button.origin');
  await expect.count(places, 2);
  await places.filter({ hasText: 'config.yaml' }).click();
  await expect.text(page.locator('#place [aria-current]'), /api_base: https:\/\/file\.example\/v1/);
  await expect.text(page.locator('#place'), /api_key: •{8}/);
  await expect.nowhere(page, CANARIES);
  await page.keyboard.press('Escape');
  await detail.getByRole('link', { name: 'The whole object' }).click();
  await expect.text(page.locator('aside.detail'), /Sources disagree[\s\S]*api_base/);
  await expect.nowhere(page, CANARIES);

  // From 1.103 on it is the other way round, and the page says so.
  await give({ 'config.yaml': CONFIG, 'dump.sql': DUMP, 'readiness.json': version('1.108.7') });
  await expect.text(row('num_retries'), /2 \(config file\)[\s\S]*5 \(database\)[\s\S]*From 1\.103/);
}
