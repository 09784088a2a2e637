// The plan made in the browser and the one made by the command line are the same bytes, of recorded companies and weeks
// after an apply, whose journal the relay tells the page of.

import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile, mkdir, copyFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

import { binary } from '../harness/gangway.mjs';
import { SALT, saved, station } from './lib/company.mjs';

export const name = 'The same plan, byte for byte, from wasm and native';

const FIXTURES = fileURLToPath(new URL('../../fixtures/litellm/', import.meta.url));
const ANSWERS = [
  'v2_model_info', 'credentials', 'organization_list', 'v2_team_list', 'team_info_platform', 'team_info_data_science',
  'team_info_skunkworks', 'user_list', 'key_list', 'budget_list', 'customer_list', 'tag_list', 'v1_access_group',
  'v2_guardrails_list', 'v1_mcp_server', 'config_pass_through_endpoint', 'get_config_callbacks', 'health_readiness_details',
];

export async function run(world) {
  await recorded(world);
  await weeksLater(world);
}

async function recorded({ page, origin, tmp, expect }) {
  for (const version of ['1.101.6', '1.108.7']) {
    const recorded = path.join(FIXTURES, version);
    const api = path.join(tmp, `api-${version}`);
    await mkdir(api);
    for (const answer of ANSWERS) await copyFile(path.join(recorded, `${answer}.json`), path.join(api, `${answer}.json`));
    const salt = path.join(tmp, 'salt');
    await writeFile(salt, SALT);
    const out = path.join(tmp, `native-${version}.json`);
    const target = '2.0.0-prerelease3';
    await promisify(execFile)(binary, [
      'plan', '--config', path.join(recorded, 'config.yaml'), '--dump', path.join(recorded, 'db-data.sql'), '--api', api,
      '--salt-key-file', salt, '--target-version', target, '--out', out,
    ]);

    await page.goto(`${origin}/`);
    await page.evaluate(() => sessionStorage.clear());
    await page.reload();
    const answers = (await readdir(api)).map((file) => path.join(api, file));
    await page.locator('#files').setInputFiles([path.join(recorded, 'config.yaml'), path.join(recorded, 'db-data.sql'), ...answers]);
    await page.locator('#salt').fill(SALT);
    await page.getByRole('button', { name: 'Try it' }).click();
    await expect.text(page.locator('#opening'), /^All .* opened\.$/);
    await page.locator('#version').selectOption(target);
    await station(page, 'Plan').click();
    await expect.visible(page.locator('#verdict'));
    await same(page, out, version);
  }
}

// Of the two keys that were applied one is called something else by now, and one is gone.
async function weeksLater({ page, tmp, expect, practise, start }) {
  const { env: { BIFROST_URL } } = await practise();
  const [config, dump, journal, out] = ['small.yaml', 'small.sql', 'weeks.jsonl', 'weeks.json'].map((file) => path.join(tmp, file));
  await writeFile(config, 'model_list:\n- model_name: gpt-4o\n  litellm_params: {model: openai/gpt-4o, api_key: sk-canary-0123456789}\n');
  const keys = async (...names) => {
    const rows = names.map((name, day) => `INSERT INTO public."LiteLLM_VerificationToken" ("token", "created_at", "key_alias", "models") VALUES ('${String(day + 1).repeat(64)}', '2026-03-0${day + 1} 08:00:00.1', '${name}', '{gpt-4o}');\n`);
    await writeFile(dump, `--\n-- PostgreSQL database dump\n--\n${rows.join('')}--\n-- PostgreSQL database dump complete\n--\n`);
  };
  const gangway = (...words) => promisify(execFile)(binary, [...words, '--config', config, '--dump', dump, '--journal', journal], { cwd: tmp, env: { ...process.env, BIFROST_URL } });
  await keys('app', 'batch');
  await gangway('apply');
  await keys('app-new');
  await gangway('plan', '--out', out);
  const relay = await start(['--journal', journal], { env: { BIFROST_URL } });
  await page.goto(relay.link);
  await page.locator('#files').setInputFiles([config, dump]);
  await page.locator('#read-everything').click();
  await expect.text(page.locator('.upstreams > li', { hasText: 'Bifrost' }), /Read/);
  await station(page, 'Plan').click();
  await expect.text(page.locator('table.data'), /it was called app;/);
  await expect.text(page.locator('#verdict'), /1 virtual key still lets callers in that LiteLLM no longer has/);
  await same(page, out, 'weeks later');
  await page.locator('nav.tabs').getByRole('link', { name: /No longer in LiteLLM/ }).click();
  await expect.text(page.locator('.findings'), /virtual key batch[\s\S]*gangway apply --delete-gone removes it/);
}

// The plan that can be downloaded, against the file that the command wrote.
async function same(page, out, what) {
  const download = await saved(page, () => page.getByRole('button', { name: 'plan.json' }).click());
  const [browser, native] = await Promise.all([readFile(await download.path()), readFile(out)]);
  if (browser.equals(native)) return;
  const at = browser.findIndex((byte, index) => byte !== native[index]);
  const near = (bytes) => bytes.subarray(Math.max(0, at - 120), at + 120).toString();
  throw new Error(`${what}: the plans differ at byte ${at}:\nbrowser …${near(browser)}…\nnative  …${near(native)}…`);
}
