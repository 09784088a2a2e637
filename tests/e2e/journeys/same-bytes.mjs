// The plan made in the browser and the one made by the command line are the same bytes.

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

export async function run({ page, origin, tmp, expect }) {
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
    const download = await saved(page, () => page.getByRole('button', { name: 'plan.json' }).click());
    const [browser, native] = await Promise.all([readFile(await download.path()), readFile(out)]);
    const at = browser.findIndex((byte, index) => byte !== native[index]);
    if (!browser.equals(native)) {
      const near = (bytes) => bytes.subarray(Math.max(0, at - 120), at + 120).toString();
      throw new Error(`${version}: the plans differ at byte ${at}:\nbrowser …${near(browser)}…\nnative  …${near(native)}…`);
    }
  }
}
