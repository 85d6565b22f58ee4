/** Child process: puts a copy of a damaged database with all that belongs to it where nothing overwrites it. */
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { OperationalError } from '../../../errors.ts'
import { syncFolder } from '../../durable-files.ts'
import { serve } from '../../process/serve.ts'
import { copyQuietly, stateOf, statOf } from '../quiet-copy.ts'

export const quarantineOrderSchema = z.strictObject({
  /** The real path of the database. */
  path: z.string(),
  /** The folder that is made; one that is there is left as it is. */
  folder: z.string(),
})
export type QuarantineOrder = z.output<typeof quarantineOrderSchema>

const triesMax = 10

serve(async (input): Promise<readonly string[]> => {
  const { path, folder } = quarantineOrderSchema.parse(input)
  if (statOf(folder) !== undefined) return partsOf(`${folder}/database`)
  const making = `${folder}.making`
  for (let tries = 1; tries <= triesMax; tries += 1) {
    rmSync(making, { recursive: true, force: true })
    mkdirSync(making, { recursive: true, mode: 0o700 })
    const before = stateOf(path)
    for (const part of partsOf(path)) await copyQuietly(path + part, `${making}/database${part}`)
    if (stateOf(path) === before) {
      syncFolder(making)
      renameSync(making, folder)
      syncFolder(dirname(folder))
      return partsOf(`${folder}/database`)
    }
    await pause(50 * tries)
  }
  rmSync(making, { recursive: true, force: true })
  throw new OperationalError('DATABASE_LOCKED', `${path} is written again and again while it is copied`)
})

function partsOf(path: string): readonly string[] {
  return ['', '-wal', '-shm', '-journal'].filter((part) => statOf(path + part) !== undefined)
}
