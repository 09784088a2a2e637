// The report as a file: opened from disk with scripts off, it shows everything and prints.

import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { SECRETS, giveSalt, openCompany, saved, station } from './lib/company.mjs';

export const name = 'The report opens from disk with scripts off, and prints';

export async function run(world) {
  const { page, browser, tmp, expect } = world;
  await openCompany(world);
  await giveSalt(world);
  await station(page, 'Report').click();
  const file = path.join(tmp, 'report.html');
  await (await saved(page, () => page.getByRole('button', { name: 'HTML report' }).click())).saveAs(file);

  const context = await browser.newContext({ javaScriptEnabled: false });
  try {
    const asked = [];
    context.on('request', (request) => asked.push(request.url()));
    const report = await context.newPage();
    await report.goto(pathToFileURL(file).href);
    await expect.visible(report.locator('h1'));
    const text = await report.locator('body').innerText();
    for (const part of ['virtual key', 'gpt']) expect.contains(text.toLowerCase(), part, 'the report');
    for (const secret of SECRETS) expect.excludes(await report.content(), secret, 'the report');
    expect.equal(asked.filter((url) => !url.startsWith('file:')), [], 'what the report fetches');
    const paper = await report.pdf({ format: 'A4' });
    expect.truthy(paper.length > 20_000, 'the printed report has content');
  } finally {
    await context.close();
  }
}
