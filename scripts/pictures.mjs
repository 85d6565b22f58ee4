/**
 * `npm run pictures`: makes the pictures of the README anew, from the product itself: the dashboard of a running controller in
 * Chromium, and what `trueup plan` prints. Needs Chromium and a build.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const bytesMax = 200_000
const program = resolve('dist/cli/main.js')
const images = resolve('docs/images')
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
if (executablePath === undefined) throw new Error('no Chromium is installed')

const folder = mkdtempSync(join(tmpdir(), 'trueup-pictures-'))
const trueup = (...args) =>
  spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
try {
  trueup('generate', '--rows', '2000', '--seed', '7', '--mess', 'heavy', '--into', '.')
  const plan = trueup('plan', 'table/leads', 'standardization/leads').stdout
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    await picturePlan(browser, plan)
    await pictureDashboard(browser)
  } finally {
    await browser.close()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The first lines as a terminal shows them. */
async function picturePlan(browser, plan) {
  const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const coloured = (line) => {
    const colour = /^ {2}[+]/.test(line)
      ? '#7ee787'
      : /^ {2}~/.test(line)
        ? '#e3b341'
        : /^ {2}[!·]/.test(line)
          ? '#ffa198'
          : /^ {6}-/.test(line)
            ? '#ff7b72'
            : /^ {6}\+/.test(line)
              ? '#7ee787'
              : /^ {4}/.test(line)
                ? '#8b949e'
                : '#f0f6fc'
    return `<span style="color:${colour}">${escaped(line)}</span>`
  }
  const lines = plan
    .split('\n')
    .slice(0, 34)
    .map((line) => (line.length > 118 ? `${line.slice(0, 117)}…` : line))
  const page = await browser.newPage({ viewport: { width: 1040, height: 700 } })
  await page.setContent(
    `<body style="margin:0;background:#0d1117"><pre style="margin:0;padding:20px;font:14px/1.35 monospace;color:#f0f6fc">$ trueup plan\n${lines.map(coloured).join('\n')}\n…</pre></body>`,
  )
  await keep(page.locator('pre'), 'plan')
}

async function pictureDashboard(browser) {
  const child = spawn(process.execPath, [program, 'run', '--json', '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((done) => child.on('close', done))
  try {
    const line = await new Promise((got) => createInterface(child.stdout).once('line', got))
    const { signIn, url } = JSON.parse(line)
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' })
    await page.goto(signIn)
    await page.getByRole('heading', { level: 1, name: /wait|mend|declared/ }).waitFor({ timeout: 120_000 })
    // Until what is safe has been repaired, so that the picture shows what a person meets.
    await page.waitForTimeout(45_000)
    await page.goto(new URL('/', url).href)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.waitForTimeout(2000)
    await keep(page, 'dashboard')
    await page.goto(new URL('/queue', url).href)
    await page.locator('article[data-action]').first().waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    await page.waitForTimeout(1000)
    await keep(page, 'approve-on-the-phone')
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

async function keep(shown, name) {
  const path = join(images, `${name}.png`)
  await shown.screenshot({ path })
  const { size } = statSync(path)
  process.stdout.write(`${path}: ${size} bytes\n`)
  if (size > bytesMax) throw new Error(`${path} is larger than ${bytesMax} bytes`)
}
