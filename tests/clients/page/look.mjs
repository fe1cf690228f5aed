// Looks at a run's page in a browser as its readers do, and touches it.
//
//   node look.mjs check BROWSER PAGE…         every promise, a line for each that is broken; exit code 1 if any is
//   node look.mjs ui BROWSER URL              the list of saved runs: two are chosen and compared
//   node look.mjs live BROWSER URL COMMAND    the page of a run that lasts, which is stopped
//   node look.mjs shots BROWSER FOLDER PAGE…  pictures at 1280 and 390 pixels, light and dark, and the pages on paper
import { chromium } from 'playwright-core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const [command, executablePath, ...rest] = process.argv.slice(2);
const DESK = { width: 1280, height: 800 }, PHONE = { width: 390, height: 844 };

const broken = [];
let where = '';
const must = (holds, what) => { if (!holds) broken.push(`${where}: ${what}`); };

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

/** The page, a file or what a server of this machine shows, in a new window; whatever it says or asks for is noted. */
async function opened(file, options = {}) {
  const context = await browser.newContext({ viewport: DESK, ...options });
  const page = await context.newPage();
  const isServed = file.startsWith('http://');
  const url = isServed ? file : pathToFileURL(resolve(file)).href;
  const isOwn = asked => isServed ? new URL(asked).origin === new URL(url).origin : asked.split('#')[0] === url;
  page.on('console', message => must(!['error', 'warning'].includes(message.type()), `the console says: ${message.text()}`));
  page.on('pageerror', error => must(false, `an error: ${error.message}`));
  page.on('request', request => must(isOwn(request.url()), `a request to ${request.url()}`));
  await page.goto(url);
  return page;
}

async function accessible(page, how) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  for (const violation of violations) {
    must(false, `axe, ${how}: ${violation.id}, ${violation.help}: ${violation.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')}`);
  }
}

const plots = page => page.locator('figure[data-draw="time"] .plot:visible');
const count = locator => locator.count();
const ticks = plot => plot.locator('svg > text').allTextContents();

async function size(file) {
  const page = await opened(file);
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  must(height <= 4 * DESK.height, `it is ${height} pixels long, more than four screens`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  must(wide <= DESK.width, `at 1280 pixels it is ${wide} wide`);
  await accessible(page, 'light');
  await page.locator('.fold > details').evaluateAll(all => all.forEach(detail => { detail.open = true; }));
  await accessible(page, 'all details open');
  await page.context().close();
}

async function dark(file) {
  const page = await opened(file, { colorScheme: 'dark' });
  await accessible(page, 'dark');
  await page.context().close();
}

async function phone(file) {
  const page = await opened(file, { viewport: PHONE, hasTouch: true });
  await page.locator('.fold > details').evaluateAll(all => all.forEach(detail => { detail.open = true; }));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  must(wide <= PHONE.width, `at 390 pixels it is ${wide} wide`);
  for (const plot of await plots(page).all()) {
    const box = await plot.locator('svg').first().boundingBox();
    const view = await plot.locator('svg').first().getAttribute('viewBox');
    must(box.width <= PHONE.width && Math.abs(box.width - view.split(' ')[2]) < 2, 'a chart is scaled, not drawn anew');
  }
  const stays = await page.locator('table').first().evaluate(table => {
    const frame = table.parentElement, cell = table.tBodies[0]?.rows[0]?.cells[0];
    if (!cell) return true;
    const before = cell.getBoundingClientRect().left;
    frame.scrollLeft = 200;
    return Math.abs(cell.getBoundingClientRect().left - before) < 2;
  });
  must(stays, 'the first column of a table does not stay');
  await accessible(page, 'phone');
  await page.context().close();
}

async function touched(file) {
  const page = await opened(file);
  const names = await page.locator('.who b').allTextContents();
  const all = await plots(page).all();
  must(all.length >= 3, `${all.length} charts over time react`);
  const [plot] = all;
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  const middle = { x: box.x + box.width * .4, y: box.y + box.height / 2 };

  // Hover: the values of all strategies, and the crosshair in all charts.
  await page.mouse.move(middle.x, middle.y);
  const tip = await plot.locator('.tip').textContent();
  must(await plot.locator('.tip').isVisible() && names.every(name => tip.includes(name)), `the crosshair tells ${tip}`);
  for (const other of all) must(await count(other.locator('.cross path')) === 1, 'a chart has no crosshair');

  // Drag: all charts over time show the stretch; twice clicked they show all again.
  const before = await ticks(plot);
  await page.mouse.down();
  await page.mouse.move(middle.x + box.width * .15, middle.y, { steps: 5 });
  await page.mouse.up();
  must(await page.locator('.tools output').textContent() !== '', 'a drag does not zoom');
  const times = new Set();
  for (const other of all) times.add(JSON.stringify((await ticks(other)).filter(text => /^[\d.]+( s| min| h)?$/.test(text)).slice(-2)));
  must((await ticks(plot)).join() !== before.join(), 'a drag changes nothing');
  await page.mouse.dblclick(middle.x, middle.y);
  must(await page.locator('.tools output').textContent() === '' && (await ticks(plot)).join() === before.join(), 'a double click does not show all again');

  // Hide and show a strategy.
  const chip = page.locator('.tools button[aria-pressed]').first();
  const drawn = () => plot.locator('.end').allTextContents();
  const lines = (await drawn()).length;
  await chip.click();
  must((await drawn()).length === lines - 1 && await chip.getAttribute('aria-pressed') === 'false', 'a strategy is not hidden');
  await chip.click();
  must((await drawn()).length === lines, 'a strategy does not come back');

  // Logarithmic and linear.
  const scale = page.locator('figcaption button').first();
  const was = await scale.getAttribute('aria-pressed');
  await scale.click();
  must(await scale.getAttribute('aria-pressed') !== was && (await ticks(plot)).join() !== before.join(), 'the scale does not change');
  await scale.click();
  must((await ticks(plot)).join() === before.join(), 'the scale does not change back');

  await sorted(page);
  await linked(page);
  await page.context().close();
}

async function sorted(page) {
  const table = page.locator('table').first();
  const rows = await count(table.locator('tbody tr'));
  if (rows < 2) return;
  const heads = await table.locator('thead th').allTextContents();
  const column = heads.findIndex(head => head.startsWith('goodput'));
  const figures = async () => (await table.locator(`tbody tr > :nth-child(${column + 1})`).allTextContents()).map(text => parseFloat(text.replace(/,/g, '')));
  const button = table.locator('thead th').nth(column).locator('button');
  await button.click();
  const up = await figures();
  must(up.every((value, index) => index === 0 || up[index - 1] <= value), `sorted upwards: ${up}`);
  must(await table.locator('thead th').nth(column).getAttribute('aria-sort') === 'ascending', 'the order is not told');
  await button.click();
  const down = await figures();
  must(down.every((value, index) => index === 0 || down[index - 1] >= value), `sorted downwards: ${down}`);
}

async function linked(page) {
  const link = page.locator('.verdict a[href^="#over-time"]').first();
  if (await count(link) === 0) return;
  const target = (await link.getAttribute('href')).slice(1);
  await link.click();
  // The page scrolls, and what is folded opens, a frame or more after the click.
  const seen = await page.waitForFunction(id => {
    const figure = document.getElementById(id).closest('figure').getBoundingClientRect();
    return figure.top >= -5 && figure.bottom <= innerHeight + 5;
  }, target, { timeout: 10_000 }).then(() => true, () => false);
  must(seen, 'a link from a sentence does not show its chart');
}

/** Everything that a mouse can do, by keys alone. */
async function keyboard(file) {
  const page = await opened(file);
  const reached = async selector => {
    for (let press = 0; press < 80; press++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(selector => document.activeElement?.matches(selector), selector)) return true;
    }
    must(false, `Tab does not reach ${selector}`);
    return false;
  };
  must(await page.keyboard.press('Tab').then(() => page.evaluate(() => document.activeElement?.className === 'skip')), 'the first stop is not the way past the head');
  if (await reached('thead button')) {
    await page.keyboard.press('Enter');
    must(await count(page.locator('th[aria-sort]')) === 1, 'Enter does not sort');
  }
  if (await reached('.tools button[aria-pressed]')) {
    await page.keyboard.press('Space');
    must(await count(page.locator('.tools button[aria-pressed="false"]')) === 1, 'Space does not hide');
    await page.keyboard.press('Space');
  }
  if (await reached('figcaption button')) {
    const pressed = () => page.evaluate(() => document.activeElement.getAttribute('aria-pressed'));
    const was = await pressed();
    await page.keyboard.press('Enter');
    must(await pressed() !== was, 'Enter does not change the scale');
    await page.keyboard.press('Enter');
  }
  if (await reached('.plot')) {
    const told = () => page.evaluate(() => document.activeElement.getAttribute('aria-valuetext') ?? '');
    await page.keyboard.press('ArrowRight');
    const first = await told();
    const names = await page.locator('.who b').allTextContents();
    must(names.every(name => first.includes(name)), `an arrow tells ${first}`);
    await page.keyboard.press('ArrowRight');
    must(await told() !== first, 'a second arrow tells the same');
    const zoomed = () => page.locator('.tools output').textContent();
    for (let press = 0; press < 5; press++) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    must(await zoomed() !== '', 'Shift, arrows and Enter do not zoom');
    await page.keyboard.press('Escape');
    must(await zoomed() === '', 'Escape does not show all again');
    await page.keyboard.press('+');
    must(await zoomed() !== '', '+ does not zoom');
    await page.keyboard.press('0');
  }
  if (await reached('.fold summary')) {
    await page.keyboard.press('Enter');
    must(await count(page.locator('.fold details[open], .fold > details[open]')) > 0, 'Enter does not open a detail');
  }
  await page.context().close();
}

async function without_script(file) {
  const page = await opened(file, { javaScriptEnabled: false });
  must(await count(page.locator('figure .still svg:visible')) >= 4, 'without its script it has no charts');
  must(await count(page.locator('.tools:visible')) === 0, 'without its script it has tools that do nothing');
  await page.context().close();
}

async function paper(file) {
  for (const javaScriptEnabled of [true, false]) {
    const page = await opened(file, { javaScriptEnabled, viewport: { width: 703, height: 1000 }, colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    must(await count(page.locator('.plot:visible, .tools:visible')) === 0, 'paper shows what only a screen can do');
    must(await count(page.locator('figure .still svg:visible')) >= 4, 'paper has no charts');
    if (javaScriptEnabled) {
      await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
      must(await page.locator('#scenario pre').isVisible(), 'paper hides the scenario');
      const wide = await page.locator('table').evaluateAll(all => all.map(table => [table.caption?.textContent, table.getBoundingClientRect().right]).filter(([, right]) => right > innerWidth + 1));
      must(wide.length === 0, `wider than paper: ${wide}`);
      const white = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      must(white === 'rgb(255, 255, 255)', `paper is ${white}`);
      await page.evaluate(() => dispatchEvent(new Event('afterprint')));
      must(await count(page.locator('.fold > details[open]')) === 0, 'details stay open after printing');
    }
    await page.context().close();
  }
}

/** Two saved runs are chosen and compared, by mouse and by keys alone, at a desk and on a phone. */
async function ui(url) {
  for (const options of [{}, { viewport: PHONE, hasTouch: true }, { colorScheme: 'dark' }]) {
    const page = await opened(url, options);
    const how = JSON.stringify(options);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    must(wide <= 0, `the list is ${wide} too wide, ${how}`);
    await accessible(page, `list, ${how}`);
    const names = await page.locator('tbody th a').allTextContents();
    must(names.length >= 3, `the list has ${names}`);
    must(await count(page.locator('input:checked')) === 2, 'no two runs are chosen to begin with');
    await page.getByLabel(`${names[2]} as A`).check();
    await page.getByLabel(`${names[1]} as B`).check();
    await page.getByRole('button', { name: 'Compare A and B' }).click();
    await page.waitForSelector('.plot');
    const said = await page.locator('h2').first().textContent();
    must(said.startsWith(`${names[1]} beside ${names[2]}: `), `the comparison says ${said}`);
    const lines = await page.locator('.tools button[aria-pressed]').allTextContents();
    must(lines.some(name => name.startsWith('A ')) && lines.some(name => name.startsWith('B ')), `the charts have ${lines}`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    must(over <= 0, `the comparison is ${over} too wide, ${how}`);
    await accessible(page, `comparison, ${how}`);
    await page.goBack();
    await page.locator('tbody th a').first().click();
    must(await count(page.locator('#verdict')) === 1, 'a run does not open');
    await page.context().close();
  }
  const page = await opened(url);
  for (let press = 0; press < 30; press++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement?.type === 'radio')) break;
  }
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/compare/);
  must((await page.locator('h2').first().textContent()).includes(' beside '), 'keys alone compare nothing');
  await page.context().close();
}

/** What a run that lasts shows, and that its page stops it. */
async function live(url, command) {
  for (const options of [{}, { viewport: PHONE, hasTouch: true, colorScheme: 'dark' }]) {
    const page = await opened(url, options);
    const told = await page.locator('body').innerText();
    must(told.includes(command), `the page does not tell ${command}`);
    must(/began \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/.test(told) && /from \S+/.test(told), `no date and no host: ${told.slice(0, 200)}`);
    await page.waitForFunction(() => document.querySelectorAll('.plot path').length > 8 && /jobs completed/.test(document.getElementById('state').textContent));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    must(wide <= 0, `it is ${wide} too wide`);
    await accessible(page, `live, ${JSON.stringify(options)}`);
    await page.context().close();
  }
  const page = await opened(url);
  await page.getByRole('button', { name: 'Stop the run' }).click();
  await page.waitForFunction(() => /Stopping|has ended/.test(document.getElementById('state').textContent));
  await page.waitForFunction(() => /has ended/.test(document.getElementById('state').textContent));
  must(await page.locator('#stop').isDisabled(), 'a run that has ended can be stopped');
  await page.context().close();
}

async function shots(folder, file) {
  const name = file.startsWith('http://') ? 'list' : basename(dirname(resolve(file)));
  for (const [wide, viewport] of [['1280', DESK], ['390', PHONE]]) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await opened(file, { viewport, colorScheme });
      await page.screenshot({ path: join(folder, `${name}-${wide}-${colorScheme}.png`), fullPage: true });
      await page.context().close();
    }
  }
  const page = await opened(file);
  await page.pdf({ path: join(folder, `${name}.pdf`), preferCSSPageSize: true });
  await page.context().close();
}

const looks = [size, dark, phone, touched, keyboard, without_script, paper];
if (command === 'check') {
  for (const file of rest) {
    for (const look of looks) {
      where = `${file}, ${look.name}`;
      await look(file);
    }
  }
} else if (command === 'ui' || command === 'live') {
  where = command;
  await (command === 'ui' ? ui : live)(...rest);
} else {
  for (const file of rest.slice(1)) {
    where = file;
    await shots(rest[0], file);
  }
}
await browser.close();
console.log(broken.length ? broken.join('\n') : 'every promise holds');
process.exit(broken.length ? 1 : 0);
