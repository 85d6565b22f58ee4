import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { runNode } from './processes.ts'

const script = (source: string) => ['--input-type=module', '--eval', source]
const folder = tmpdir()

describe('a run of a program, seen from outside', () => {
  it('gives its output, and the CPU time and memory of it and of what it started', async () => {
    const busy = `const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end);
      globalThis.held = Buffer.alloc(200 * 1024 ** 2, 1); process.stdout.write('done')`
    const parent = `import { spawnSync } from 'node:child_process'
      process.stdout.write(spawnSync(process.execPath, ['--eval', ${JSON.stringify(busy)}]).stdout)`
    const taken = await runNode(script(parent), { folder })
    expect(taken.stdout).toBe('done')
    expect(taken.cpuMs).toBeGreaterThanOrEqual(300)
    expect(taken.peakBytes).toBeGreaterThan(200 * 1024 ** 2)
  })

  it('refuses an exit status that was not allowed, with the last words', async () => {
    const failing = script("console.error('no such file'); process.exit(3)")
    await expect(runNode(failing, { folder })).rejects.toThrow(/ended with 3\nno such file/)
    await expect(runNode(failing, { folder, allowed: [3] })).resolves.toMatchObject({ status: 3 })
  })
})
