/**
 * `npm run bench:page`: scrolls the page's list of leads from top to middle to end in Chromium, and prints its slowest frames.
 *
 *     npm run bench:page -- [--rows N] [--seed N] [--workspace FOLDER]
 *
 * Without a folder a workspace of 1,000,000 rows is generated, which takes minutes. Exits with 1 where a frame took over 50 ms.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
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
      [
        program,
        'generate',
        '--rows',
        values.rows,
        '--seed',
        values.seed,
        '--mess',
        'light',
        '--into',
        join(folder, 'ws'),
      ],
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
  writeFileSync(
    file,
    stringify({ apiVersion, name: 'bench', policy: { mode: 'observe' }, databases, tables: { leads } }),
  )
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
        const answer = await fetch('/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        })
        return (await answer.json()).data.controller.lastFullLookAt !== null
      },
      undefined,
      { timeout: 170_000, polling: 2000 },
    )
    const found = []
    for (const [name, from, to] of [
      ['slowly from the top', 0, 0.002],
      ['top to middle', 0, 0.5],
      ['middle to end', 0.5, 1],
      ['end to top', 1, 0],
    ]) {
      await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', '__metadata'] })
      const frames = await page.evaluate(scrollOver, { from, to })
      const trace = JSON.parse((await browser.stopTracing()).toString())
      found.push({ name, ...frames, ...longestTasks(trace.traceEvents) })
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

/**
 * The longest task of the page's main thread: by the clock, and in CPU time, which other programs on the machine do not
 * lengthen. Drawing a frame is one task.
 */
function longestTasks(events) {
  const mains = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const tasks = events.filter(
    ({ ph, name, pid, tid }) => ph === 'X' && /RunTask$/.test(name) && mains.has(`${pid} ${tid}`),
  )
  const most = (of) => Math.max(0, ...tasks.map(of)) / 1000
  return { tasks: tasks.length, busy: most(({ dur = 0 }) => dur), cpu: most(({ tdur = 0 }) => tdur) }
}

/** In the page: scrolls for four seconds, a step a frame, and gives the time between frames. */
async function scrollOver({ from, to }) {
  const list = document.querySelector('.list')
  const room = list.scrollHeight - list.clientHeight
  const frames = []
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
    ({ name, frames, p50, p99, most, busy, cpu }) =>
      `${name.padEnd(22)}${String(frames).padStart(7)}${ms(p50)}${ms(p99)}${ms(most)}${ms(busy)}${ms(cpu)}`,
  )
  const worst = Math.max(...found.map(({ cpu }) => cpu))
  process.stdout.write(
    `${rows}, ${cpus().length} cores at load ${loadavg()[0].toFixed(1)}\n` +
      `${'scrolled'.padEnd(22)} frames  p50 ms  p99 ms most ms busy ms  cpu ms\n${lines.join('\n')}\n` +
      `A jump into the middle is drawn after ${jumpMs.toFixed(0)} ms.\n` +
      `p50, p99, most: between two frames. busy, cpu: the longest task of the page, by the clock and in CPU time.\n` +
      `No frame may keep the page for more than ${frameMaxMs} ms of CPU time; the longest took ${worst.toFixed(1)} ms.\n`,
  )
  return worst > frameMaxMs ? 1 : 0
}
