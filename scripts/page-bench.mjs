/**
 * `npm run bench:page`: scrolls the page's list of leads from top to middle to end in Chromium, and prints its slowest frames.
 *
 *     npm run bench:page -- [--rows N] [--seed N] [--workspace FOLDER]
 *
 * Without a folder a workspace of 1,000,000 rows is generated, which takes minutes. Exits with 1 where a frame took over 50 ms.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { parse, stringify } from 'yaml'

const frameMaxMs = 50
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '7' },
    workspace: { type: 'string' },
  },
})
const program = resolve('dist/cli/main.js')
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
if (executablePath === undefined) throw new Error('no Chromium is installed')

const own = values.workspace === undefined ? mkdtempSync(join(tmpdir(), 'trueup-page-bench-')) : undefined
const folder = resolve(values.workspace ?? own)
try {
  if (own !== undefined) {
    const made = spawnSync(
      process.execPath,
      [program, 'generate', '--rows', values.rows, '--seed', values.seed, '--mess', 'light', '--into', join(folder, 'ws')],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    if (made.status !== 0) throw new Error('the workspace could not be generated')
  }
  process.exitCode = await measure(own === undefined ? folder : join(folder, 'ws'))
} finally {
  if (own !== undefined) rmSync(own, { recursive: true, force: true })
}

/** The table alone and nothing repaired: what else the controller does would be measured as well. */
function stateIn(workspace) {
  const { apiVersion, tables } = parse(readFileSync(join(workspace, 'desired-state.yaml'), 'utf8'))
  const { key, fields } = tables.leads
  const local = Object.entries(fields).map(([name, { airtable: _, conflicts: __, ...field }]) => [name, field])
  const file = join(workspace, 'page-bench.yaml')
  const leads = { database: 'main', key, fields: Object.fromEntries(local) }
  const databases = { main: { path: 'data/leads.db' } }
  writeFileSync(file, stringify({ apiVersion, name: 'bench', policy: { mode: 'observe' }, databases, tables: { leads } }))
  return file
}

async function measure(workspace) {
  const child = spawn(process.execPath, [program, 'run', '--json', '--port', '0', '--state', stateIn(workspace)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const line = await new Promise((done) => createInterface(child.stdout).once('line', done))
    const { url, signIn } = JSON.parse(line)
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    await page.goto(signIn)
    await page.goto(new URL('/leads', url).href)
    const said = page.getByText(/^[\d,]+ records?$/)
    await said.waitFor({ timeout: 120_000 })
    // The first look at the table is over then; it is no part of scrolling.
    await page.waitForFunction(
      async () => {
        const body = JSON.stringify({ query: '{ controller { lastFullLookAt } }' })
        const answer = await fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
        return (await answer.json()).data.controller.lastFullLookAt !== null
      },
      undefined,
      { timeout: 170_000, polling: 2000 },
    )
    await page.evaluate(watchFrames)
    const found = []
    for (const [name, from, to] of [
      ['slowly from the top', 0, 0.002],
      ['top to middle', 0, 0.5],
      ['middle to end', 0.5, 1],
      ['end to top', 1, 0],
    ]) {
      found.push({ name, ...(await page.evaluate(scrollOver, { from, to })) })
    }
    const rows = await said.textContent()
    const last = await page.evaluate(jumpTo, 0.73)
    return report(rows, found, last)
  } finally {
    await browser.close()
    child.kill('SIGTERM')
    await new Promise((done) => child.on('close', done))
  }
}

/** In the page: keeps what took long between two frames, and what kept the thread. */
function watchFrames() {
  globalThis.longFrames = []
  new PerformanceObserver((list) => {
    for (const { duration, startTime } of list.getEntries()) globalThis.longFrames.push({ duration, startTime })
  }).observe({ type: 'long-animation-frame', buffered: false })
}

/** In the page: scrolls for four seconds, a step a frame, and gives the time between frames. */
async function scrollOver({ from, to }) {
  const list = document.querySelector('.list')
  const room = list.scrollHeight - list.clientHeight
  const frames = []
  globalThis.longFrames.length = 0
  const frame = () => new Promise((done) => requestAnimationFrame(done))
  let before = await frame()
  const start = before
  for (let share = 0; share < 1; ) {
    share = Math.min(1, (before - start) / 4000)
    list.scrollTop = room * (from + (to - from) * share)
    const now = await frame()
    frames.push(now - before)
    before = now
  }
  // Until what is seen is loaded; drawing it belongs to it.
  const until = performance.now() + 10_000
  while (performance.now() < until) {
    const now = await frame()
    frames.push(now - before)
    before = now
    if (list.querySelector('tbody a') !== null && list.querySelectorAll('td[colspan]').length <= 2) break
  }
  frames.sort((one, other) => one - other)
  const at = (share) => frames[Math.min(frames.length - 1, Math.floor(frames.length * share))]
  return {
    frames: frames.length,
    p50: at(0.5),
    p99: at(0.99),
    most: frames.at(-1),
    busiest: Math.max(0, ...globalThis.longFrames.map(({ duration }) => duration)),
  }
}

/** In the page: milliseconds from a jump until the rows there are drawn. */
async function jumpTo(share) {
  const list = document.querySelector('.list')
  const start = performance.now()
  list.scrollTop = (list.scrollHeight - list.clientHeight) * share
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
  while (performance.now() < start + 10_000) {
    if (list.querySelector('tbody a') !== null) break
    await new Promise((done) => setTimeout(done, 5))
  }
  return performance.now() - start
}

function report(rows, found, jumpMs) {
  const ms = (number) => number.toFixed(1).padStart(8)
  const lines = found.map(
    ({ name, frames, p50, p99, most, busiest }) =>
      `${name.padEnd(22)}${String(frames).padStart(7)}${ms(p50)}${ms(p99)}${ms(most)}${ms(busiest)}`,
  )
  const worst = Math.max(...found.map(({ busiest }) => busiest))
  process.stdout.write(
    `${rows}, ${cpus().length} cores, seed ${values.seed}\n${'scrolled'.padEnd(22)} frames  p50 ms  p99 ms most ms busy ms\n${lines.join('\n')}\n` +
      `A jump into the middle is drawn after ${jumpMs.toFixed(0)} ms.\n` +
      `Longest the page itself kept a frame ("busy"): ${worst.toFixed(1)} ms, at most ${frameMaxMs} are wanted.\n`,
  )
  return worst > frameMaxMs ? 1 : 0
}
