// The whole move with the keyboard alone.

export const name = 'Keyboard only: the company goes through all five stations';

export async function run({ page, link, expect }) {
  await page.goto(link);
  await expect.text(page.locator('#mode'), 'Practice');
  const press = (key) => page.keyboard.press(key);
  // Tab until the element has the focus: whatever a person can reach that way.
  const reach = async (locator) => {
    for (let steps = 0; steps < 120; steps += 1) {
      if (await locator.evaluate((element) => element === document.activeElement).catch(() => false)) return;
      await press('Tab');
    }
    throw new Error(`${locator} cannot be reached with Tab`);
  };

  // The first Tab of a fresh page leads past the header.
  await press('Tab');
  await expect.focused(page.locator('.skip'));
  await press('Enter');
  await expect.focused(page.locator('#station'));

  await reach(page.locator('#use-practice'));
  await press('Enter');
  await expect.text(page.locator('section[aria-labelledby="sources-title"]'), /deployment/);
  await reach(page.locator('#fill-salt'));
  await press('Enter');
  await expect.focused(page.locator('#salt'));
  await press('Enter');
  await expect.text(page.locator('#opening'), /^All .* opened\.$/);

  await page.locator('#station').focus();
  await press('2');
  await expect.text(page.locator('h1'), 'Inventory');
  await expect.focused(page.locator('#station'));
  await press('/');
  await expect.focused(page.locator('#search'));
  await page.keyboard.type('team');
  await expect.text(page.locator('.counted'), / of /);
  await press('Tab');
  await reach(page.locator('table.data tbody a').first());
  await press('j');
  await expect.focused(page.locator('table.data tbody a').nth(1));
  await press('k');
  await expect.focused(page.locator('table.data tbody a').first());
  await press('Enter');
  await expect.focused(page.locator('#detail'));
  await press('Escape');
  await expect.hidden(page.locator('#detail'));
  await expect.focused(page.locator('table.data tbody a').first());

  await press('3');
  await expect.text(page.locator('h1'), 'Plan');
  await press('?');
  await expect.visible(page.locator('#help'));
  await press('Escape');
  await expect.hidden(page.locator('#help'));
  const expiry = page.locator('#expiring-keys input').first();
  if (await expiry.count()) {
    await reach(expiry);
    await press('Space');
  }
  await expect.text(page.locator('#verdict'), /Nobody gains access/);
  await page.locator('#station').focus();
  await press('j');
  await press('Enter');
  await expect.focused(page.locator('#detail'));
  await press('j');
  await expect.eventually(async () => expect.contains(page.url(), '#op-'));
  await press('Escape');

  await press('4');
  await expect.text(page.locator('h1'), 'Apply');
  await reach(page.locator('#apply'));
  await press('Enter');
  await expect.eventually(async () => expect.contains(await page.locator('#ending').innerText(), 'read back as planned'), 60_000);

  await press('5');
  await expect.text(page.locator('h1'), 'Report');
  const html = page.getByRole('button', { name: 'HTML report' });
  await reach(html);
  const [download] = await Promise.all([page.waitForEvent('download'), press('Enter')]);
  expect.contains(download.suggestedFilename(), '.html', 'the download');
}
