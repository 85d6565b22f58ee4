import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeScratch, sweepScratch } from './scratch.ts'

it('what an ended process, or one of before the machine was started, left behind goes; what is in use stays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scratch-'))
  try {
    const own = makeScratch(folder)
    const [boot] = (own.split('/').at(-1) ?? '').split(':')
    mkdirSync(join(folder, 'scratch', `${boot}:1:0_ended`))
    mkdirSync(join(folder, 'scratch', 'earlier-boot:1:0_left'))
    sweepScratch(folder)
    expect(readdirSync(join(folder, 'scratch'))).toEqual([own.split('/').at(-1)])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
